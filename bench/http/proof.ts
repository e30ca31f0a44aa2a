import assert from "node:assert/strict";

interface Answer {
  readonly text: string;
  /** Name and value of the cookie it sets, if it does. */
  readonly cookie: string | undefined;
}

/** What a server may do that ours do not. */
export interface Habits {
  /** It sets its cookie with each response. */
  readonly rolls?: boolean | undefined;
  /** Where there is no session to see. Default: `/bare` and `/untouched`. */
  readonly quiet?: readonly string[];
}

/** That a server counts up, remembers, and does not believe a forged cookie. */
export async function prove(
  origin: string,
  { rolls = false, quiet = ["/bare", "/untouched"] }: Habits = {},
): Promise<void> {
  const get = (path: string, cookie?: string) => ask(origin + path, cookie);
  let { text, cookie } = await get("/begin");
  assert.equal(text, "1000", "a session of 1000 bytes begins");
  assert.ok(cookie, "a new session sets a cookie");
  for (const count of ["1", "2", "3"]) {
    const next = await get("/write", cookie);
    assert.equal(next.text, count, "it counts up");
    cookie = next.cookie ?? cookie;
    const { text, cookie: set } = await get("/read", cookie);
    assert.equal(text, count, "what was written is read");
    if (!rolls) assert.equal(set, undefined, "reading sets no cookie");
  }
  const size = await get("/size", cookie);
  assert.equal(size.text, "1000", "all of it is there");

  const forged = turned(cookie);
  assert.equal((await get("/read", forged)).text, "none", "a forgery is new");
  assert.equal((await get("/write", forged)).text, "1", "and counts from 1");
  assert.equal((await get("/read", cookie)).text, "3", "the other one stays");

  for (const path of quiet) await proveQuiet(origin, path, cookie, rolls);
}

/** That a server answers without a session, whatever cookie comes. */
export async function proveQuiet(
  origin: string,
  path: string,
  cookie: string,
  rolls = false,
): Promise<void> {
  const { text, cookie: set } = await ask(origin + path, cookie);
  assert.equal(text, "0", path);
  if (!rolls) assert.equal(set, undefined, `${path} sets no cookie`);
}

/** Begins sessions, and gives the `Cookie` fields of them. */
export async function begin(origin: string, count: number): Promise<string[]> {
  const cookies: string[] = [];
  while (cookies.length < count) {
    const wave = Array.from({ length: 32 }, () => ask(`${origin}/begin`));
    for (const { cookie } of await Promise.all(wave)) {
      assert.ok(cookie, "a new session sets a cookie");
      cookies.push(cookie);
    }
  }
  return cookies.slice(0, count);
}

async function ask(url: string, cookie?: string): Promise<Answer> {
  const headers = cookie === undefined ? {} : { cookie };
  const response = await fetch(url, { headers });
  const text = await response.text();
  assert.equal(response.status, 200, `${url}: ${response.status} ${text}`);
  const [line] = response.headers.getSetCookie();
  return { text, cookie: line?.split(";")[0] };
}

/** The cookie with one letter of its ciphertext changed. */
function turned(cookie: string): string {
  const place = cookie.length - 30;
  const letter = cookie[place] === "A" ? "B" : "A";
  return cookie.slice(0, place) + letter + cookie.slice(place + 1);
}
