// What we write and read, seen by the cookie functions of @std/http. Run by
// `deno task test:std`, the one task that needs JSR, or STD_DIR.

import { assert, assertEquals } from "@std/assert";
import { deleteCookie, getCookies, getSetCookies, setCookie } from "@std/http";
import { generateSecret, type SessionOptions, withSession } from "../../mod.ts";

const URL_HTTPS = "https://example.com/";
const SECRET = generateSecret();

function count(
  cookie: SessionOptions["cookie"] = {},
): (request: Request) => Promise<Response> {
  return withSession((request, session) => {
    if (request.method === "DELETE") session.destroy();
    else session.update("visits", (n = 0) => n + 1);
    const response = new Response(String(session.get("visits")));
    setCookie(response.headers, { name: "theme", value: "dark" });
    return response;
  }, { secret: SECRET, cookie });
}

function requestWith(response: Response, method = "GET"): Request {
  const headers = new Headers();
  const pairs = getSetCookies(response.headers)
    .map(({ name, value }) => `${name}=${value}`);
  headers.set("cookie", pairs.join("; "));
  return new Request(URL_HTTPS, { method, headers });
}

Deno.test("getSetCookies() reads the session cookie's attributes", async () => {
  const response = await count()(new Request(URL_HTTPS));
  const [theme, session] = getSetCookies(response.headers);
  assertEquals(theme, { name: "theme", value: "dark" });
  assert(session);
  assertEquals({ ...session, value: "" }, {
    name: "__Host-sid",
    value: "",
    maxAge: 86400,
    path: "/",
    httpOnly: true,
    secure: true,
    sameSite: "Lax",
  });
});

Deno.test("getSetCookies() reads every attribute that can be chosen", async () => {
  const response = await count({
    domain: "example.com",
    path: "/shop",
    sameSite: "None",
    partitioned: true,
  })(new Request(URL_HTTPS));
  const session = getSetCookies(response.headers)[1];
  assert(session);
  // Newer than the attributes that @std/http knows by name.
  const { unparsed, ...known } = session;
  assertEquals(unparsed, ["Partitioned="]);
  assertEquals({ ...known, value: "" }, {
    name: "__Secure-sid",
    value: "",
    maxAge: 86400,
    domain: "example.com",
    path: "/shop",
    httpOnly: true,
    secure: true,
    sameSite: "None",
  });
});

Deno.test("a cookie read by getSetCookies() brings the session back", async () => {
  const handler = count();
  const first = await handler(new Request(URL_HTTPS));
  const second = await handler(requestWith(first));
  assertEquals(await second.text(), "2");
});

Deno.test("getCookies() and the session read the same value of a request", async () => {
  const handler = count();
  const request = requestWith(await handler(new Request(URL_HTTPS)));
  const { "__Host-sid": token, theme } = getCookies(request.headers);
  assertEquals(theme, "dark");
  assert(token?.startsWith("A"));
  assertEquals(await (await handler(request)).text(), "2");
});

Deno.test("setCookie() writes a line that browsers send back to the session", async () => {
  const handler = count();
  const first = await handler(new Request(URL_HTTPS));
  const session = getSetCookies(first.headers)[1];
  assert(session);
  const headers = new Headers();
  setCookie(headers, session);
  const [pair] = headers.getSetCookie()[0]!.split(";");
  const again = await handler(
    new Request(URL_HTTPS, { headers: { cookie: pair! } }),
  );
  assertEquals(await again.text(), "2");
});

Deno.test("destroy() removes the cookie as deleteCookie() does", async () => {
  const handler = count();
  const first = await handler(new Request(URL_HTTPS));
  const ended = await handler(requestWith(first, "DELETE"));
  const removal = getSetCookies(ended.headers)[1];
  const headers = new Headers();
  deleteCookie(headers, "__Host-sid", { path: "/", secure: true });
  const theirs = getSetCookies(headers)[0];
  assertEquals(removal?.name, theirs?.name);
  assertEquals(removal?.value, "");
  assertEquals(removal?.path, theirs?.path);
  assertEquals(removal?.maxAge, 0);
});
