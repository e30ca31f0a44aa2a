import { cookies, headers } from "next/headers";
import { unstable_rethrow } from "next/navigation";
import { connection } from "next/server";
import { createSessions, type Session } from "with-session";
import { MemoryStore } from "with-session/stores/memory";

export type ShopSession = Session<{ visits: number }>;

// Next loads this module more than once: for the proxy, and for the rest.
const shared = globalThis as { store?: MemoryStore };

export const sessions = createSessions<{ visits: number }>(() => ({
  secret: process.env.SESSION_SECRET,
  store: shared.store ??= new MemoryStore(),
  cookie: { secure: process.env.NODE_ENV === "production" || "auto" },
  csrf: true,
}));

/** For pages, which cannot keep a change. */
export async function readSession(): Promise<
  Pick<ShopSession, "get" | "has" | "userId">
> {
  // Not in advance: what Next renders then may not ask for the time.
  await connection();
  return await sessions.open(await cookies(), await headers());
}

/** For actions: runs one, and keeps what it has changed. */
export async function changeSession<T>(
  change: (session: ShopSession) => T | Promise<T>,
): Promise<T> {
  const session = await sessions.open(await cookies(), await headers());
  try {
    const result = await change(session);
    await sessions.commit(session);
    return result;
  } catch (error) {
    await settle(session, error);
    throw error;
  }
}

/** For route handlers: gives one the session. */
export function route<Args extends unknown[]>(
  handle: (
    session: ShopSession,
    request: Request,
    ...args: Args
  ) => Response | Promise<Response>,
) {
  return async (request: Request, ...args: Args): Promise<Response> => {
    const session = await sessions.open(await cookies(), request);
    try {
      const response = await handle(session, request, ...args);
      return await sessions.commit(session, response);
    } catch (error) {
      await settle(session, error);
      throw error;
    }
  };
}

/** A redirect() is thrown, too, and keeps what was written before it. */
async function settle(session: ShopSession, thrown: unknown): Promise<void> {
  try {
    unstable_rethrow(thrown);
  } catch {
    await sessions.commit(session);
    return;
  }
  await sessions.discard(session);
}
