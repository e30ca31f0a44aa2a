import { createSession, type Session } from "@remix-run/session";
import type { Subject } from "../world/subject.ts";
import { facadeOf, peerIn, type Values } from "./common.ts";

/**
 * Remix 3's session package: its sessions, and a storage that does what the
 * one in memory does, call for call, in another back end.
 */
export const remix: Subject = peerIn("@remix-run/session", "session", (map) => {
  const storage = {
    async read(id: string | null) {
      const text = id ? await map.get(id) : null;
      return id && text ? createSession(id, JSON.parse(text)) : createSession();
    },
    async save(session: Session) {
      if (session.deleteId) await map.delete(session.deleteId);
      if (session.destroyed) {
        await map.delete(session.id);
        return "";
      }
      if (!session.dirty) return null;
      await map.set(session.id, JSON.stringify(session.data));
      return session.id;
    },
  };
  return async (request, work) => {
    const [, id = null] = /session=([^;]+)/.exec(
      request.headers.get("cookie") ?? "",
    ) ?? [];
    const session = await storage.read(id);
    await work(facadeOf({
      get id() {
        return session.id;
      },
      isNew: session.id !== id,
      read: () => session.destroyed ? {} : session.data[0] as Values,
      write: (key, value) => session.set(key, value),
      remove: (key) => session.unset(key),
      renew: () => session.regenerateId(true),
      end: () => session.destroy(),
    }));
    const response = new Response("");
    const value = await storage.save(session);
    if (value !== null) {
      const end = value ? "" : "; Max-Age=0";
      response.headers.append("set-cookie", `session=${value}${end}`);
    }
    return response;
  };
});
