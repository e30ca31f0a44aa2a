// Programs on cookie-session and on koa-session, the real ones.

import { createServer, type RequestListener } from "node:http";
// @ts-ignore: it has no types.
import cookieSession2 from "cookie-session";
// @ts-ignore: it has no types.
import cookieSession1 from "cookie-session1";
import Koa from "koa";
import Keygrip from "keygrip";
import koaSession7 from "koa-session";
// @ts-ignore: it has no types.
import koaSession6 from "koa-session6";
import { listen } from "./_express.ts";

export { Keygrip };

export const KEYS: readonly string[] = ["a newer key", "an older key"];

/** What signs: texts, or a Keygrip with another hash. */
export type Keys = readonly string[] | InstanceType<typeof Keygrip>;

/** Cookies by name, in the order in which a browser has them. */
export type Cookies = Record<string, string>;

/** Has a program keep some data, and gives the cookies that it sets. */
export type Keep = (
  data: object,
  options?: object,
  keys?: Keys,
) => Promise<Cookies>;

/** The real packages. */
export const PACKAGES: Readonly<Record<string, Keep>> = {
  "cookie-session 2": onNode(cookieSession2),
  // The usual name was another one.
  "cookie-session 1": onNode(cookieSession1, { name: "session" }),
  "koa-session 7": onKoa(koaSession7),
  "koa-session 6": onKoa(koaSession6),
};

// deno-lint-ignore no-explicit-any
function onNode(makeMiddleware: any, usual: object = {}): Keep {
  return (data, options = {}, keys = KEYS) => {
    const middleware = makeMiddleware({ keys, ...usual, ...options });
    // deno-lint-ignore no-explicit-any
    return cookiesFrom((req: any, res: any) => {
      middleware(req, res, () => {
        Object.assign(req.session, data);
        res.end("");
      });
    });
  };
}

// deno-lint-ignore no-explicit-any
function onKoa(makeMiddleware: any): Keep {
  return (data, options = {}, keys = KEYS) => {
    const app = new Koa();
    app.keys = keys as string[];
    app.use(makeMiddleware({ ...options }, app));
    // deno-lint-ignore no-explicit-any
    app.use((ctx: any) => {
      Object.assign(ctx.session, data);
      ctx.body = "";
    });
    return cookiesFrom(app.callback());
  };
}

async function cookiesFrom(program: RequestListener): Promise<Cookies> {
  const origin = await listen(createServer(program));
  const response = await fetch(origin);
  await response.text();
  return Object.fromEntries(
    response.headers.getSetCookie().map((line) => {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      return [name, value];
    }),
  );
}
