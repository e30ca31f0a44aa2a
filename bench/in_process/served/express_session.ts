import { RedisStore } from "connect-redis";
import type { Request } from "express";
import session from "express-session";
import { type Handler, next, type Subject, textOf } from "../subject.ts";
import { serveApp } from "./express.ts";
import { client } from "./redis_client.ts";

type Values = Record<string, unknown>;

/** The usual sessions of Express, in Redis. */
export const subject: Subject = {
  name: "express-session + connect-redis",
  packages: ["express-session", "connect-redis", "express", "redis"],
  protects: "signs",
  note: "over HTTP; resave and saveUninitialized false, as its README asks " +
    "for; else defaults, so a read also moves the expiry; the id is signed",
  group: "express",
  hasStore: true,
  isLoud: true,
  kinds: ["anonymous", "read-seen", "write-seen", "forged", "rotated"],
  async create({ secrets, data }) {
    const app = (handle: (values: Values) => unknown): Promise<Handler> =>
      serveApp((app) => {
        app.use(session({
          secret: [...secrets],
          store: new RedisStore({ client: client as never }),
          resave: false,
          saveUninitialized: false,
          cookie: { maxAge: 86_400_000, sameSite: "lax" },
        }));
        app.get("/", (request: Request, response) => {
          const values = request.session as unknown as Values;
          response.send(textOf(handle(values)));
        });
      });
    return {
      read: await app((values) => values["count"]),
      write: await app((values) => values["count"] = next(values["count"])),
      start: await app((values) => Object.assign(values, data)["count"]),
    };
  },
};
