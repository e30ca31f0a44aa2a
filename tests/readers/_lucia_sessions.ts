// The real Lucia, and programs that do what its author's pages say.

import { type Adapter, type DatabaseSession, Lucia } from "lucia";

/** A database in memory, as Lucia and such programs see it. */
export class Database {
  readonly sessions: Map<string, DatabaseSession> = new Map();

  /** Lucia's way to it. */
  get adapter(): Adapter {
    const { sessions } = this;
    const done = () => Promise.resolve();
    const all = () => [...sessions.values()];
    return {
      getSessionAndUser: (id) => {
        const session = sessions.get(id) ?? null;
        const user = session &&
          { id: session.userId, attributes: { name: `the ${session.userId}` } };
        return Promise.resolve(
          (session ? [session, user] : [null, null]) as never,
        );
      },
      getUserSessions: (id) =>
        Promise.resolve(all().filter(({ userId }) => userId === id)),
      setSession: (session) => {
        sessions.set(session.id, session);
        return done();
      },
      updateSessionExpiration: (id, expiresAt) => {
        Object.assign(sessions.get(id) ?? {}, { expiresAt });
        return done();
      },
      deleteSession: (id) => {
        sessions.delete(id);
        return done();
      },
      deleteUserSessions: done,
      deleteExpiredSessions: done,
    };
  }
}

/** Lucia 3 on such a database. */
export function startLucia({ adapter }: Database): Lucia {
  return new Lucia(adapter, {
    getUserAttributes: (attributes: object) => ({ ...attributes }),
  } as never);
}

/** The `auth_session` cookie of somebody who has signed in. */
export async function signIn(auth: Lucia, user: string): Promise<string> {
  const { id } = await auth.createSession(user as never, {} as never);
  return auth.createSessionCookie(id).value;
}

/** A text of 120 random bits. */
function random(): string {
  const alphabet = "abcdefghijkmnpqrstuvwxyz23456789";
  const bytes = crypto.getRandomValues(new Uint8Array(24));
  return [...bytes].map((byte) => alphabet[byte >> 3]).join("");
}

async function sha256(text: string): Promise<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

/** What such programs have in a table. */
export interface Row {
  readonly session: Record<string, unknown>;
  readonly user?: object;
}

/** Signs in with an id that is the hash of what is in the cookie. */
export async function signInHashed(
  rows: Map<string, Row>,
  userId: string,
): Promise<string> {
  const token = random();
  const id = [...await sha256(token)]
    .map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const expiresAt = new Date(Date.now() + 1000);
  rows.set(id, { session: { id, userId, expiresAt }, user: { id: userId } });
  return token;
}

/** Signs in with an id, and a secret whose hash is kept. */
export async function signInSecretly(
  rows: Map<string, Row>,
  userId: string,
): Promise<string> {
  const [id, secret] = [random(), random()];
  const secretHash = await sha256(secret);
  const createdAt = new Date();
  rows.set(id, { session: { id, userId, secretHash, createdAt } });
  return `${id}.${secret}`;
}
