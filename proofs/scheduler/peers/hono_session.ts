import { type SessionEnv, useSession, useSessionStorage } from "@hono/session";
import { Hono } from "hono";
import type { Subject } from "../world/subject.ts";
import { facadeOf, peerIn, type Values } from "./common.ts";

/** The session middleware of Hono's own, with a storage. */
export const honoSession: Subject = peerIn(
  "@hono/session",
  "sid",
  (map) => async (request, work) => {
    const app = new Hono<SessionEnv<Values>>();
    app.use(
      useSessionStorage({
        async get(sid: string) {
          return JSON.parse(await map.get(sid) ?? "null");
        },
        set: (sid: string, value: unknown) =>
          map.set(sid, JSON.stringify(value)),
        delete: (sid: string) => map.delete(sid),
      } as never) as never,
      useSession<Values>({ secret: "f3kQ8vT2mX9zLfHgDaKsOqRwkV0Jr0yP" }),
    );
    app.get("/", async (c) => {
      const { session } = c.var;
      const data: Values = { ...await session.get() as Values | null };
      const isNew = !Object.keys(data).length;
      let isEnded = false;
      let isWritten = false;
      await work(facadeOf({
        id: isNew ? "" : session.id ?? "",
        isNew,
        read: () => data,
        write(key, value) {
          isWritten = true;
          data[key] = value;
        },
        remove(key) {
          isWritten = true;
          delete data[key];
        },
        // It has no way to change a session's id.
        renew: () => {},
        end() {
          isEnded = true;
          session.delete();
        },
      }));
      if (isWritten && !isEnded) await session.update(data);
      return c.text("");
    });
    app.onError((error) => {
      throw error;
    });
    return await app.fetch(request);
  },
);
