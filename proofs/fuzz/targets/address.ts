// The address and the fields of a request: whether it counts as this machine,
// as within a path, and as sent by another site. Bun and Deno pass on any
// `Host`, so an address may be any text.

import assert from "node:assert/strict";
import { forbidCrossSite } from "../../../src/http/csrf.ts";
import { resolveOptions } from "../../../src/options/resolve.ts";
import { chooseCookieAt } from "../../../src/request/address.ts";
import type { Visit } from "../../../src/session/state.ts";
import { fieldOf, OPTIONS, type Target } from "../target.ts";

const TRUSTED = new Set(["https://good.example"]);
const PATHS = ["/", "/a", "/a/", "/a/b"];
const settings = PATHS.map((path) =>
  resolveOptions({ ...OPTIONS, cookie: { path } })
);

export const target: Target = {
  about: "a method, an address and four fields, each in a line",
  words: [
    ...["http://", "https://", "localhost", "127.0.0.1", "[::1]", ":3000", "@"],
    ...["/", "/a", "/a/b", "?", "#", "..", "%2e", "\\", "\n", "evil.example"],
    ...["GET", "POST", "websocket", "same-origin", "cross-site", "same-site"],
    ...["none", "null", "https://good.example", "http://localhost:3000"],
  ],
  seeds: () => [
    "GET\nhttp://localhost:3000/a/b?c",
    "POST\nhttps://a.example/a\nhttps://a.example\nsame-origin",
    "POST\nhttp://a.example/\nhttps://a.example\n",
    "POST\nhttps://a.example/\n\nsame-site",
    "POST\nhttps://a.example/\n\ncross-site",
    "PUT\nhttp://127.0.0.1/\nnull\ncross-site\nwebsocket\nx-forwarded-proto: https",
  ],
  run(input) {
    const [method = "", url = "", origin = "", site = "", upgrade, proxy] =
      input.split("\n");
    const headers = new Headers();
    if (origin) headers.set("origin", fieldOf(origin));
    if (site) headers.set("sec-fetch-site", fieldOf(site));
    if (upgrade) headers.set("upgrade", fieldOf(upgrade));
    if (proxy) headers.set("x-forwarded-proto", fieldOf(proxy));
    const request = { method, url, headers } as Request;
    checkSites(request);
    for (const [i, path] of PATHS.entries()) checkAddress(request, path, i);
  },
};

/** What `docs/security.md` says of `csrf`. */
function checkSites(request: Request): void {
  const { method, headers, url } = request;
  const events: { type: string }[] = [];
  const response = forbidCrossSite(request, TRUSTED, (event) => {
    events.push(event);
  });
  const isSafe = ["GET", "HEAD", "OPTIONS"].includes(method) &&
    headers.get("upgrade") === null;
  const origin = headers.get("origin");
  const site = headers.get("sec-fetch-site");
  const isOther = site === "cross-site" || site === "same-site" ||
    site !== "same-origin" && site !== "none" && !!origin &&
      origin !== ownOrigin(url);
  const isForbidden = !isSafe && isOther && !TRUSTED.has(origin ?? "");
  assert.equal(response?.status, isForbidden ? 403 : undefined);
  assert.equal(events.length, isForbidden ? 1 : 0);
}

function ownOrigin(url: string): string | undefined {
  const parsed = /^https?:/.test(url) ? URL.parse(url) : null;
  return parsed ? parsed.origin : undefined;
}

function checkAddress(request: Request, path: string, i: number): void {
  const { url, headers } = request;
  const own = settings[i] as NonNullable<typeof settings[number]>;
  const cookie = own.cookieFor({ url: url || "https:" });
  const parsed = URL.parse(url);
  const isHttps = (url || "https:").startsWith("https:");
  const host = parsed?.protocol === "http:" ? parsed.hostname : "";
  const isHere = /^(.+\.)?localhost$|^127\.\d+\.\d+\.\d+$|^\[::1\]$/.test(host);
  if (cookie.isLocal) {
    assert.ok(!isHttps, "https without Secure");
    // A name with an empty label, as in `127..`, is that of no machine.
    const isName = !host.replace(/\.$/, "").split(".").includes("");
    if (parsed && isName) {
      assert.ok(isHere, "another machine is taken for this one");
    }
    assert.ok(!/Secure|^__/.test(cookie.attributes + cookie.name));
    // No port gets the cookie of another.
    const port = parsed?.port;
    if (port) assert.match(cookie.name, RegExp(`-0*${port}$`));
  } else if (!isHttps) {
    assert.equal(cookie.attributes, "", "a cookie is set in the open");
    // Spelled as everybody does, it is this machine.
    const isPlain = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d{1,4})?\//;
    assert.ok(!isPlain.test(url), "this machine is not known");
  } else assert.match(cookie.attributes, /; Secure/);

  const visit = { settings: own, cookie, headers } as unknown as Visit;
  chooseCookieAt(visit, url, [...headers]);
  // No header makes a cookie less secure.
  if (!cookie.isLocal) assert.equal(visit.cookie, cookie);
  else if (headers.has("x-forwarded-proto")) {
    assert.ok(!visit.cookie.isLocal, "a proxy is not seen");
  }
  if (!parsed || parsed.href !== url || !/^https?:/.test(url)) return;
  const { pathname } = parsed;
  const isWithin = path === pathname ||
    pathname.startsWith(path) &&
      (path.endsWith("/") || pathname[path.length] === "/");
  assert.equal(visit.phase !== "left-out", isWithin, `${path} of ${pathname}`);
}
