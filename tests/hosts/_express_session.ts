// A program on express-session, and one that has moved from it, as two servers
// of one site.

import { createServer } from "node:http";
import express from "express";
// @ts-ignore: its types would claim `session` of all requests for themselves.
import session119 from "express-session";
// @ts-ignore: the same.
import session118 from "express-session118";
import { sessions } from "../../express.ts";
import type { SessionEvent } from "../../mod.ts";
import {
  expressSession,
  type ExpressSessionOptions,
  type ExpressSessionStore,
} from "../../readers/express-session.ts";
import { type MoreOptions, setUp } from "../shared/support.ts";
import { listen } from "./_express.ts";

/** The real packages. */
// deno-lint-ignore no-explicit-any
export const PACKAGES: Readonly<Record<string, any>> = {
  "express-session 1.19": session119,
  "express-session 1.18": session118,
};

export const SECRET = "keyboard cat";

/** What both programs answer with. */
export interface Shown {
  readonly user: string | null;
  readonly cart: readonly number[];
}

/** Starts a program on express-session. */
export async function startOld(
  name: string,
  store: unknown,
  more: object = {},
): Promise<string> {
  const app = express();
  app.use(PACKAGES[name]({
    secret: SECRET,
    store,
    resave: false,
    saveUninitialized: false,
    ...more,
  }));
  // deno-lint-ignore no-explicit-any
  const show = ({ session }: any, res: any) =>
    res.json({ user: session.user ?? null, cart: session.cart ?? [] });
  app.get("/", show);
  // deno-lint-ignore no-explicit-any
  app.get("/login/:user", (req: any, res: any) => {
    // deno-lint-ignore no-explicit-any
    req.session.regenerate((error: any) => {
      if (error) throw error;
      Object.assign(req.session, { user: req.params.user, cart: [1, 2] });
      show(req, res);
    });
  });
  // deno-lint-ignore no-explicit-any
  app.get("/put/:name/:value", (req: any, res: any) => {
    const { name, value } = req.params;
    req.session[name] = name === "cart" ? [Number(value)] : value;
    show(req, res);
  });
  // deno-lint-ignore no-explicit-any
  app.get("/logout", (req: any, res: any) => {
    // deno-lint-ignore no-explicit-any
    req.session.destroy((error: any) => {
      if (error) throw error;
      res.clearCookie("connect.sid").json({ user: null, cart: [] });
    });
  });
  return await listen(createServer(app));
}

/** A program that has moved. */
export interface Moved {
  readonly origin: string;
  readonly events: SessionEvent[];
}

/** Starts the same program with sessions of ours. */
export async function startNew(
  before: ExpressSessionStore,
  options: MoreOptions = {},
  more: Partial<ExpressSessionOptions> = {},
): Promise<Moved> {
  const { options: given, events } = setUp({
    now: Date.now,
    // One name for all ports: they are servers of one site.
    cookie: { name: "sid", secure: false },
    accept: [expressSession({
      secret: SECRET,
      store: before,
      until: "2100-01-01",
      map: ({ user, ...data }) => ({ user, data }),
      ...more,
    })],
    ...options,
  });
  const app = express();
  app.use(sessions(given));
  // deno-lint-ignore no-explicit-any
  const show = ({ session }: any, res: any) =>
    res.json({ user: session.userId ?? null, cart: session.get("cart") ?? [] });
  app.get("/", show);
  // deno-lint-ignore no-explicit-any
  app.get("/add/:n", (req: any, res: any) => {
    req.session.update(
      "cart",
      (cart: number[] = []) => [...cart, Number(req.params.n)],
    );
    show(req, res);
  });
  // deno-lint-ignore no-explicit-any
  app.get("/logout", (req: any, res: any) => {
    req.session.destroy();
    res.json({ user: null, cart: [] });
  });
  const origin = await listen(createServer(app));
  return { origin, events };
}

/** A browser for which all servers are one site. */
export class Jar {
  readonly cookies: Map<string, string> = new Map();

  /** A copy, as of somebody who has stolen the cookies. */
  copy(): Jar {
    const jar = new Jar();
    for (const [name, value] of this.cookies) jar.cookies.set(name, value);
    return jar;
  }

  /** The `Cookie` field that it sends. */
  get field(): string {
    return [...this.cookies].map((pair) => pair.join("=")).join("; ");
  }

  /** Takes a cookie that an answer sets or removes. */
  set(line: string): void {
    const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    const isGone = /; (Max-Age=0|Expires=Thu, 01 Jan 1970)/i.test(line);
    if (isGone) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }

  /** Takes all of an answer. */
  take(response: Response): void {
    for (const line of response.headers.getSetCookie()) this.set(line);
  }

  send(url: string): Promise<Response> {
    const cookie = this.field;
    return fetch(url, { headers: cookie ? { cookie } : {} });
  }

  /** Visits a page. */
  async get(url: string): Promise<Shown> {
    const response = await this.send(url);
    this.take(response);
    if (response.status !== 200) throw new Error(`Status ${response.status}`);
    return await response.json();
  }
}
