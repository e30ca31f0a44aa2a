import { Hono } from "hono";
import { type Session, sessionMiddleware } from "hono-sessions";
import type { Facade, Subject } from "../world/subject.ts";
import { facadeOf, peerIn, type Values } from "./common.ts";

interface Cache {
  readonly _data: Record<string, { value: unknown }>;
  readonly _id?: string;
}

/** hono-sessions, with a store of its own kind. */
export const honoSessions: Subject = peerIn(
  "hono-sessions",
  "session",
  (map) => {
    const store = {
      async getSessionById(id: string) {
        return JSON.parse(await map.get(id) ?? "null");
      },
      createSession: (id: string, data: unknown) =>
        map.set(id, JSON.stringify(data)),
      persistSessionData: (id: string, data: unknown) =>
        map.set(id, JSON.stringify(data)),
      deleteSession: (id: string) => map.delete(id),
    };
    return async (request, work) => {
      const app = new Hono<
        {
          Variables: {
            session: Session<Values>;
            session_key_rotation: boolean;
          };
        }
      >();
      app.use(sessionMiddleware({ store: store as never }) as never);
      app.get("/", async (c) => {
        const session = c.get("session");
        const { _data, _id = "" } = session.getCache() as unknown as Cache;
        const isNew = !Object.keys(_data).length;
        await work(facadeOf({
          id: _id,
          isNew,
          read: () =>
            Object.fromEntries(
              Object.entries(_data).map(([key, { value }]) => [key, value]),
            ),
          write: (key, value) => session.set(key, value as never),
          remove: (key) => session.forget(key),
          renew: () => c.set("session_key_rotation", true),
          end: () => session.deleteSession(),
        }) as Facade);
        return c.text("");
      });
      app.onError((error) => {
        throw error;
      });
      return await app.fetch(request);
    };
  },
);
