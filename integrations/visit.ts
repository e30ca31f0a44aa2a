// The visit that each framework has to pass, over HTTP. README.md says what
// its pages are.

import assert from "node:assert/strict";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { isSession, type Page, Visitor } from "./visitor.ts";

/** Caches that many visitors share do not keep it. */
const NOT_SHARED = /\b(private|no-store)\b/;

/** One part of a visit. What it needs of a visitor it does itself. */
export type Part = (base: string) => Promise<void>;

/** Parts by what they show. */
export type Parts = Readonly<Record<string, Part>>;

/** A part cannot run here, for want of what its message says. */
export class LeftOut extends Error {}

const parts: Parts = {
  "a counter counts, and its page is kept by no cache": async (base) => {
    const visitor = new Visitor(base);
    const first = await visitor.get("/");
    assert.equal(visitsOf(first), 1);
    assert.deepEqual(first.cookies.filter(isSession).length, 1);
    assertNotCached(first);
    assert.match(first.headers.get("vary") ?? "", /\bcookie\b/i);
    assert.equal(visitsOf(await visitor.get("/")), 2);
    assert.equal(visitsOf(await visitor.get("/")), 3);
  },

  "signing in answers 303, keeps the data and gives a new cookie": async (
    base,
  ) => {
    const visitor = new Visitor(base);
    await visitor.get("/");
    const name = visitor.sessionCookie ?? "";
    const before = visitor.cookies.get(name);
    const answer = await signIn(visitor, "Ada");
    assert.notEqual(visitor.cookies.get(name), before);
    assertNotCached(answer);
    const page = await visitor.get("/");
    assertShows(page, /Visit 3, signed in as Ada/);
  },

  "a notice is shown once": async (base) => {
    const visitor = new Visitor(base);
    await signIn(visitor, "Ada");
    assertShows(await visitor.get("/"), /Welcome, Ada/);
    assert.doesNotMatch((await visitor.get("/")).text, /Welcome/);
  },

  "JSON knows the session of the pages": async (base) => {
    const visitor = new Visitor(base);
    assert.equal(await userOf(visitor), null);
    assert.equal(visitor.cookies.size, 0);
    await signIn(visitor, "Ada");
    const page = await visitor.get("/api/me");
    assert.deepEqual(JSON.parse(page.text), { user: "Ada" });
    assertNotCached(page);
  },

  "a page for users sends others away, and is kept by no cache": async (
    base,
  ) => {
    const visitor = new Visitor(base);
    const refused = await visitor.get("/account");
    assertRedirect(refused, "/");
    assert.doesNotMatch(refused.text, /Account of/);
    await signIn(visitor, "Ada");
    const page = await visitor.get("/account");
    assert.equal(page.status, 200);
    assertShows(page, /Account of Ada/);
    assertNotCached(page);
  },

  "a page that is streamed is not collected": async (base) => {
    const visitor = new Visitor(base);
    const response = await visitor.ask("/stream");
    assert.ok(visitor.sessionCookie, "no cookie");
    const decoder = new TextDecoder();
    let text = "";
    let first: number | undefined;
    for await (const chunk of response.body ?? []) {
      first ??= performance.now();
      text += decoder.decode(chunk, { stream: true });
      if (performance.now() - first < 100) {
        assert.doesNotMatch(text, /News from the stream/);
      }
    }
    const waited = performance.now() - (first ?? 0);
    assert.match(text, /Visit (<!-- -->)?1/);
    assert.match(text, /News from the stream/);
    assert.ok(waited > 250, `all of it came within ${waited} ms`);
    assert.equal(visitsOf(await visitor.get("/")), 2);
  },

  "cookies of the program stand beside that of the session": async (base) => {
    const visitor = new Visitor(base);
    const { cookies } = await visitor.get("/api/cookies");
    assert.equal(cookies.length, 3, cookies.join());
    assert.ok(visitor.sessionCookie);
    assert.equal(visitor.cookies.get("theme"), "dark");
    assert.equal(visitor.cookies.get("size"), "large");
  },

  "a forged cookie gives a new session": async (base) => {
    const visitor = new Visitor(base);
    await signIn(visitor, "Ada");
    const name = visitor.sessionCookie ?? "";
    const good = visitor.cookies.get(name) ?? "";
    const end = good.endsWith("A") ? "Q" : "A";
    const forged = [good.slice(0, -1) + end, good.slice(9), "A".repeat(150)];
    for (const value of [...forged, "%00", '"', "a,b"]) {
      visitor.cookies.set(name, value);
      const page = await visitor.get("/");
      assert.equal(page.status, 200, value);
      assertShows(page, /Visit 1, not signed in/, value);
    }
  },

  "a static file has no cookie and no Vary": async (base) => {
    const visitor = new Visitor(base);
    await signIn(visitor, "Ada");
    const page = await visitor.get("/robots.txt");
    assert.equal(page.status, 200);
    assertShows(page, /^User-agent/);
    assert.deepEqual(page.cookies, []);
    assert.doesNotMatch(page.headers.get("vary") ?? "", /cookie/i);
  },

  "signing out ends the session, and tells so": async (base) => {
    const visitor = new Visitor(base);
    await signIn(visitor, "Ada");
    const copy = new Map(visitor.cookies);
    assertRedirect(await visitor.send("/", "sign-out"), "/");
    const page = await visitor.get("/");
    assertShows(page, /Visit 1, not signed in/);
    assertShows(page, /You have signed out/);
    const thief = new Visitor(base);
    for (const [name, value] of copy) thief.cookies.set(name, value);
    assert.equal(await userOf(thief), null);
  },

  "signing out in a second tab is not undone by a slow request": async (
    base,
  ) => {
    const visitor = new Visitor(base);
    await signIn(visitor, "Ada");
    const slow = visitor.get("/api/slow");
    await setTimeout(100);
    await visitor.send("/", "sign-out");
    await slow;
    assertShows(await visitor.get("/"), /not signed in/);
    assert.equal(await userOf(visitor), null);
  },

  "signing out everywhere ends the sessions of other browsers": async (
    base,
  ) => {
    const [here, there, other] = [
      new Visitor(base),
      new Visitor(base),
      new Visitor(base),
    ];
    await signIn(here, "Grace");
    await signIn(there, "Grace");
    await signIn(other, "Ada");
    assertRedirect(await here.send("/", "everywhere"), "/");
    assertShows(await here.get("/"), /not signed in/);
    assertShows(await there.get("/"), /not signed in/);
    assertShows(await other.get("/"), /signed in as Ada/);
  },

  "a handler that fails keeps nothing, and tells nothing": async (base) => {
    const visitor = new Visitor(base);
    await visitor.get("/");
    for (const path of ["/api/fail", "/fail"]) {
      const page = await visitor.get(path);
      assert.equal(page.status, 500, path);
      assert.deepEqual(page.cookies.filter(isSession), [], path);
    }
    assert.equal(visitsOf(await visitor.get("/")), 2);
    const stranger = new Visitor(base);
    await stranger.get("/api/fail");
    assert.equal(stranger.sessionCookie, undefined);
  },

  "a form whose handler fails keeps nothing": async (base) => {
    const visitor = new Visitor(base);
    await visitor.get("/");
    await visitor.send("/try", "fail");
    assert.equal(visitsOf(await visitor.get("/")), 2);
  },

  "a form of another site is refused": async (base) => {
    const visitor = new Visitor(base);
    await visitor.get("/");
    const page = await visitor.send("/", "sign-in", { name: "Ada" }, {
      "origin": "https://elsewhere.example",
      "sec-fetch-site": "cross-site",
    });
    assert.equal(page.status, 403);
    assertShows(await visitor.get("/"), /Visit 3, not signed in/);
  },

  "visitors at the same time do not see each other": async (base) => {
    const names = Array.from({ length: 12 }, (_, i) => `User${i}`);
    await Promise.all(names.map(async (name) => {
      const visitor = new Visitor(base);
      await signIn(visitor, name);
      const paths = ["/", "/account", "/api/me", "/stream", "/"];
      const pages = await Promise.all(paths.map((path) => visitor.get(path)));
      for (const [i, { text }] of pages.entries()) {
        if (paths[i] !== "/stream") assert.match(text, RegExp(`\\b${name}\\b`));
        for (const other of names) {
          if (other !== name) {
            assert.doesNotMatch(text, RegExp(`\\b${other}\\b`));
          }
        }
      }
      // No update of the three pages that count was lost.
      assert.equal(visitsOf(await visitor.get("/")), 5);
    }));
  },
};

/** Parts for those that also show a session by the framework's cookie jar. */
export const jarParts: Parts = {
  "a session by the framework's cookie jar stands beside the other": async (
    base,
  ) => {
    const visitor = new Visitor(base);
    await signIn(visitor, "Ada");
    const first = await visitor.get("/preferences");
    assertShows(first, /Theme light/);
    assert.match(first.headers.get("vary") ?? "", /\bcookie\b/i);
    assert.match(first.headers.get("cache-control") ?? "", NOT_SHARED);
    const answer = await visitor.send("/preferences", "preferences", {
      theme: "dark",
    });
    assertRedirect(answer, "/preferences");
    const names = [...visitor.cookies.keys()];
    assert.ok(names.some((name) => name.startsWith("preferences")), `${names}`);
    assertShows(await visitor.get("/preferences"), /Theme dark/);
    assertShows(await visitor.get("/"), /signed in as Ada/);
    const stranger = await new Visitor(base).get("/preferences");
    assertShows(stranger, /Theme light/);
  },
};

/**
 * Makes a visit, and prints each part of it. With `CI=true`, one that is left
 * out has failed.
 *
 * @param own What the program has besides, or `only` has for want of pages.
 */
export async function visit(
  base: string,
  { more = {}, only }: { more?: Parts; only?: Parts } = {},
): Promise<{ passed: number; failed: number; skipped: number }> {
  let [passed, failed, skipped] = [0, 0, 0];
  for (const [name, part] of Object.entries(only ?? { ...parts, ...more })) {
    try {
      await part(base);
      passed++;
      console.log(`  ok      ${name}`);
    } catch (error) {
      if (error instanceof LeftOut && process.env["CI"] !== "true") {
        skipped++;
        console.log(`  skipped ${name}: ${error.message}`);
        continue;
      }
      failed++;
      console.log(`  FAILED  ${name}\n${indent(error)}`);
    }
  }
  return { passed, failed, skipped };
}

/** Signs in, and checks that the browser is sent back. */
export async function signIn(visitor: Visitor, name: string): Promise<Page> {
  const answer = await visitor.send("/", "sign-in", { name });
  assertRedirect(answer, "/");
  assert.equal(answer.status, 303);
  return answer;
}

function assertShows(page: Page, pattern: RegExp, what = ""): void {
  const shown = page.text.replace(/<(script|head)[\s\S]*?<\/\1>/g, "")
    .replace(/<[^>]*>/g, " ").replace(/\s+/g, " ").slice(0, 500);
  assert.match(page.text, pattern, `${what} ${pattern} is not in: ${shown}`);
}

async function userOf(visitor: Visitor): Promise<unknown> {
  return JSON.parse((await visitor.get("/api/me")).text).user;
}

function assertRedirect({ status, headers }: Page, path: string): void {
  assert.ok(status >= 302 && status <= 307, `status ${status}`);
  const location = headers.get("location");
  assert.ok(location, "no Location");
  assert.equal(new URL(location, "http://localhost").pathname, path);
}

function assertNotCached({ headers }: Page): void {
  assert.match(headers.get("cache-control") ?? "", /\bno-store\b/);
}

/** How many visits a page has counted. */
export function visitsOf({ text }: Page): number {
  return Number(/Visit (\d+)/.exec(text)?.[1]);
}

function indent(error: unknown): string {
  const { stack = `${error}`, cause } = Object(error);
  return `${stack}${cause ? `\n${cause}` : ""}`.replace(/^/gm, "    ");
}
