// Apps of Express and its like, for the tests of `with-session/express`.

import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import express5, { type NextFunction } from "express";
import express4 from "express4";
import polka from "polka";
import { type SessionRequest, sessions } from "../../express.ts";
import type { Session, SessionEvent, SessionOptions } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { setUp, START } from "../shared/support.ts";

const servers: Server[] = [];

/** Closes all servers that were started. */
export function closeServers(): void {
  for (const server of servers) {
    server.closeAllConnections?.();
    server.close();
  }
}

/** Starts a server on a free port, and gives its address. */
export async function listen(server: Server): Promise<string> {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A request that has passed the middleware. */
export type Req = IncomingMessage & SessionRequest;
/** A handler, or a middleware. */
export type Act = (
  req: Req,
  res: ServerResponse,
  next: (error?: unknown) => void,
) => unknown;

/** The session's cookie, as the browser sends it back. */
export const cookieOf = (response: Response): string | undefined =>
  response.headers.getSetCookie().find((line) => line.startsWith("sid-"))
    ?.split(";")[0];

/** Counts in the session. */
export const count = ({ session }: { session: Session }): number =>
  session.update("n", (n = 0) => n + 1);

/** Where the data is kept. */
export const kinds: Readonly<Record<string, () => Partial<SessionOptions>>> = {
  "in the cookie": () => ({}),
  "in a store": () => ({ store: new MemoryStore({ now: () => START }) }),
};

/** A store that answers after some ms, or not at all. */
export function slowStore(
  { ms = 0, isDown = false }: { ms?: number; isDown?: boolean } = {},
): MemoryStore {
  return new Proxy(new MemoryStore({ now: () => START }), {
    get(target, name) {
      const member = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return async (...args: never[]) => {
        await delay(ms);
        if (isDown) throw new Error("down");
        return await member.apply(target, args);
      };
    },
  });
}

/** Who takes the middleware. */
export type AppName = "Express 5" | "Express 4" | "Polka" | "node:http";

/** The same middleware where somebody may use it. */
export const APPS: Readonly<
  Record<AppName, (middleware: Act[], act: Act) => Server>
> = {
  "Express 5": (middleware: Act[], act: Act) => {
    const app = express5();
    for (const each of middleware) app.use(each as never);
    app.all("/", act as never);
    app.use(answerError as never);
    return createServer(app);
  },
  "Express 4": (middleware: Act[], act: Act) => {
    const app = express4();
    for (const each of middleware) app.use(each as never);
    app.all("/", act as never);
    app.use(answerError as never);
    return createServer(app);
  },
  "Polka": (middleware: Act[], act: Act) => {
    const app = polka({
      onError: (error: unknown, req: never, res: never) =>
        answerError(error, req, res, () => {}),
    });
    for (const each of middleware) app.use(each as never);
    app.all("/", act as never);
    return createServer(app.handler as never);
  },
  "node:http": (middleware: Act[], act: Act) =>
    createServer((req, res) => {
      const [first, ...rest] = [...middleware, act];
      const run = (each: Act | undefined, others: Act[]): unknown =>
        each?.(req as Req, res, (error) => {
          if (error) answerError(error, req, res, () => {});
          else run(others[0], others.slice(1));
        });
      run(first, rest);
    }),
};

/** Answers with an error's code, and 500 unless it has a status. */
export function answerError(
  error: unknown,
  _req: IncomingMessage,
  res: ServerResponse,
  _next: NextFunction | (() => void),
): void {
  const { code, message } = Object(error);
  res.statusCode = Object(error).status ?? 500;
  res.setHeader("content-type", "text/plain");
  res.end(`error: ${code ?? message}`);
}

/** An app that was started. */
export interface Started {
  url: string;
  /** Asks it, with a cookie. */
  get(cookie?: string, init?: RequestInit): Promise<Response>;
  events: SessionEvent[];
}

/** Starts an app with the middleware, and others before and after it. */
export async function start(
  app: AppName,
  act: Act,
  more: Partial<SessionOptions> = {},
  around: { before?: Act[]; after?: Act[] } = {},
): Promise<Started> {
  const { options, events } = setUp(more as object);
  const middleware = sessions(options);
  const all = [
    ...around.before ?? [],
    middleware as unknown as Act,
    ...around.after ?? [],
  ];
  const url = await listen(APPS[app](all, act));
  const get = (cookie = "", init: RequestInit = {}) =>
    fetch(url, {
      redirect: "manual",
      ...init,
      headers: { ...cookie && { cookie }, ...init.headers },
    });
  return { url, get, events };
}
