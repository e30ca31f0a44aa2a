// A visitor with a browser, as far as a server knows.

// Some frameworks do not stream to programs that they take for robots.
const USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Firefox/145.0";

/** What came back, with its body. */
export interface Page {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The names of the cookies that it set, with those that it removed. */
  readonly cookies: readonly string[];
}

/** Keeps cookies, does not follow redirects, and sends forms. */
export class Visitor {
  readonly base: string;
  readonly cookies: Map<string, string> = new Map();

  constructor(base: string) {
    this.base = base;
  }

  /** Asks for a page, and gives the response before its body has come. */
  async ask(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    const defaults: Record<string, string> = {
      "accept": "text/html,*/*;q=0.8",
      "user-agent": USER_AGENT,
      "sec-fetch-site": "same-origin",
      "sec-fetch-dest": "document",
      "origin": this.base,
      "cookie": [...this.cookies].map((pair) => pair.join("=")).join("; "),
    };
    for (const [name, value] of Object.entries(defaults)) {
      if (value && !headers.has(name)) headers.set(name, value);
    }
    const response = await fetch(new URL(path, this.base), {
      redirect: "manual",
      ...init,
      headers,
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]*)=([^;]*)/.exec(line) ?? [];
      if (/; *max-age=0/i.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }

  /** Asks for a page, and reads all of it. */
  async get(path: string, init?: RequestInit): Promise<Page> {
    const response = await this.ask(path, init);
    const { status, headers } = response;
    const cookies = headers.getSetCookie()
      .map((line) => line.slice(0, line.indexOf("=")));
    const text = await response.text();
    // React parts texts by comments.
    return { status, headers, cookies, text: text.replace(/<!--.*?-->/g, "") };
  }

  /** Sends a form of a page, found by its `id`. */
  async send(
    page: string,
    id: string,
    fields: Record<string, string> = {},
    headers?: Record<string, string>,
  ): Promise<Page> {
    const { text } = await this.get(page);
    const body = new URLSearchParams(fields);
    const init = { method: "POST", body, ...headers && { headers } };
    return await this.get(actionOf(text, id), init);
  }

  /** The name of the session's cookie, if the visitor has one. */
  get sessionCookie(): string | undefined {
    return [...this.cookies.keys()].find(isSession);
  }
}

/** Whether a cookie is that of the session. */
export function isSession(name: string): boolean {
  return /^(__Host-)?sid(-\d+)?$/.test(name);
}

/** Where a form of a page goes. */
export function actionOf(text: string, id: string): string {
  const forms = text.match(/<form\b[^>]*>/g) ?? [];
  const form = forms.find((each) => each.includes(`id="${id}"`));
  const action = /action="([^"]*)"/.exec(form ?? "")?.[1];
  if (!action) throw new Error(`the page has no form "${id}"`);
  return action.replaceAll("&amp;", "&");
}
