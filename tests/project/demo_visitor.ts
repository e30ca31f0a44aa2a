import { once } from "node:events";
import process from "node:process";
import { Browser } from "../../testing/browser.ts";
import { start } from "./process.ts";

type Fetch = (request: Request) => Response | Promise<Response>;

/** What `npm start` runs. */
export const npmStart: string[] = [process.execPath, "tools/start.mjs"];

/** A demo that runs. */
export interface Demo {
  readonly origin: string;
  stop(): Promise<void>;
}

/** Starts the demo, with a secret of its own. */
export async function startDemo(): Promise<Demo> {
  const { child, output } = start(npmStart, { env: { PORT: "0" } });
  const closed = once(child, "close");
  while (child.exitCode === null) {
    const [origin] = /http:\/\/localhost:\d+/.exec(output()) ?? [];
    if (origin) {
      return {
        origin,
        // It takes the server along.
        async stop() {
          child.kill("SIGTERM");
          await closed;
        },
      };
    }
    await Promise.race([closed, once(child.stdout ?? child, "data")]);
  }
  throw new Error(`The demo has not started: ${output()}`);
}

/** What a page says. */
export interface Page {
  readonly status: number;
  readonly text: string;
}

/** Somebody who looks at the demo, with cookies and without scripts. */
export class Visitor {
  readonly browser: Browser;
  readonly #headers: Record<string, string>;

  constructor(fetch: Fetch, origin: string, now?: () => number) {
    this.browser = new Browser(fetch, { origin, ...now && { now } });
    this.#headers = {
      accept: "text/html",
      "sec-fetch-site": "same-origin",
      "user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0",
    };
  }

  async open(path: string): Promise<Page> {
    const headers = this.#headers;
    return await this.#follow(await this.browser.get(path, { headers }));
  }

  /** Sends a form, and looks at the page that it leads to. */
  async send(path: string, form: Record<string, string> = {}): Promise<Page> {
    const body = new URLSearchParams(form);
    const headers = this.#headers;
    return await this.#follow(await this.browser.post(path, { body, headers }));
  }

  async #follow(response: Response): Promise<Page> {
    const { status, headers } = response;
    const location = headers.get("location");
    if (status === 303 && location) return await this.open(location);
    return { status, text: await response.text() };
  }
}

/** All that a pattern's first group finds in a page, without tags. */
export function all({ text }: Page, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, found = ""]) =>
    found.replace(/<[^>]+>/g, " ").replace(/\s+/g, " ").trim()
  );
}

/** What has become of a race: first with with-session, then with the other. */
export function verdicts(page: Page): string[] {
  return all(page, /class="(?:good|bad)">([^<]+)/g);
}
