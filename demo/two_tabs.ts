// Plays a race through the very handler that the browser talks to: one jar of
// cookies, and two requests at a time, as from two tabs.

import type { Board } from "./board.ts";

/** What the second tab does while the first one's request is held. */
export type Play = "update" | "sign-out";

type Fetch = (request: Request) => Promise<Response>;

/**
 * Plays a race for the visitor of a request, and gives the browser the cookies
 * that it would have then.
 *
 * @param boardOf Finds the board of whoever sends a request.
 */
export async function playRace(
  play: Play,
  request: Request,
  fetch: Fetch,
  boardOf: (request: Request) => Board,
): Promise<Response> {
  const browser = new Tabs(request, fetch);
  const begun = await browser.post("/race/start");
  // One of another site, say, and nothing has been done.
  if (begun.status !== 303) return begun;

  const isHeld = boardOf(browser.request("/race")).nextHold();
  const slow = browser.post("/race/slow");
  await Promise.race([isHeld, slow]);
  await browser.post(play === "update" ? "/race/star" : "/race/sign-out");
  await browser.post("/race/release");
  await slow;

  const headers = new Headers({ location: "/race?played=" + play });
  headers.set("cache-control", "no-store");
  for (const line of browser.lines.values()) headers.append("set-cookie", line);
  return new Response(null, { status: 303, headers });
}

/** The tabs of one browser: what one gets, the other sends. */
class Tabs {
  /** The last `Set-Cookie` of each name. */
  readonly lines: Map<string, string> = new Map();
  readonly #first: Request;
  readonly #fetch: Fetch;
  readonly #cookies: Map<string, string> = new Map();

  constructor(first: Request, fetch: Fetch) {
    this.#first = first;
    this.#fetch = fetch;
    for (const pair of (first.headers.get("cookie") ?? "").split("; ")) {
      this.#keep(pair);
    }
  }

  request(path: string, method = "GET"): Request {
    const headers = new Headers();
    // By these, the handler sees which site has sent the first request.
    for (const name of ["host", "origin", "sec-fetch-site"]) {
      const value = this.#first.headers.get(name);
      if (value !== null) headers.set(name, value);
    }
    headers.set(
      "cookie",
      [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; "),
    );
    return new Request(new URL(path, this.#first.url), { method, headers });
  }

  async post(path: string): Promise<Response> {
    const response = await this.#fetch(this.request(path, "POST"));
    for (const line of response.headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      this.lines.set(pair.split("=")[0] ?? "", line);
      this.#keep(pair, line.includes("Max-Age=0"));
    }
    return response;
  }

  #keep(pair: string, isRemoved = false): void {
    const at = pair.indexOf("=");
    if (at < 1) return;
    if (isRemoved) this.#cookies.delete(pair.slice(0, at));
    else this.#cookies.set(pair.slice(0, at), pair.slice(at + 1));
  }
}
