import { RedisStore } from "connect-redis";
import session from "express-session";
import { EventEmitter } from "node:events";
import { ServerResponse } from "node:http";
import type { Subject } from "../world/subject.ts";
import { facadeOf, peerIn, type Values } from "./common.ts";

type Middleware = ReturnType<typeof session>;
type Asked = Parameters<Middleware>[0];

/** express-session with connect-redis, on a request and a response in memory. */
export const expressSession: Subject = peerIn(
  "express-session, connect-redis",
  "connect.sid",
  (map) => {
    const client = {
      get: (key: string) => map.get(key),
      set: (key: string, text: string) => map.set(key, text),
      del: ([key]: [string]) => map.delete(key),
      // Its `touch`.
      expire: () => Promise.resolve(1),
    };
    const middleware = session({
      store: new RedisStore({ client }),
      secret: "f3kQ8vT2mX9zLfHgDaKsOqRwkV0Jr0yP",
      resave: false,
      saveUninitialized: false,
    });
    return (request, work) =>
      new Promise((resolve, reject) => {
        const req = Object.assign(new EventEmitter(), {
          headers: { cookie: request.headers.get("cookie") ?? "" },
          url: "/",
          originalUrl: "/",
          method: "GET",
          connection: { encrypted: true },
        }) as unknown as Asked;
        const res = new ServerResponse(req);
        const end = ServerResponse.prototype.end;
        // The real one writes to a socket: here the headers are all.
        res.end = function (this: ServerResponse, ...args: unknown[]) {
          const line = this.getHeader("set-cookie");
          const headers = new Headers();
          for (const each of [line ?? []].flat()) {
            headers.append("set-cookie", `${each}`);
          }
          resolve(new Response("", { headers }));
          return Reflect.apply(end, this, args);
        } as typeof end;
        const before = /connect\.sid=s%3A([^.]+)/.exec(
          req.headers.cookie ?? "",
        )?.[1];
        middleware(req, res as never, (error?: unknown) => {
          if (error) return reject(error);
          const values = () => req.session as unknown as Values;
          const plain = () => {
            const { cookie: _, ...rest } = values() ?? {};
            return rest as Values;
          };
          const done = (act: (then: (error: unknown) => void) => void) =>
            new Promise<void>((resolve, reject) =>
              act((error) => error ? reject(error) : resolve())
            );
          work(facadeOf({
            get id() {
              return req.session?.id ?? "";
            },
            isNew: req.session.id !== before,
            read: plain,
            write: (key, value) => void (values()[key] = value),
            remove: (key) => void delete values()[key],
            async renew() {
              const kept = plain();
              await done((then) => req.session.regenerate(then));
              Object.assign(values(), kept);
            },
            end: () => done((then) => req.session.destroy(then)),
          })).then(() => res.end(), reject);
        });
      });
  },
);
