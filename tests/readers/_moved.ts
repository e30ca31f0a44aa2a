import { withSession } from "../../mod.ts";
import type { SessionReader } from "../../mod.ts";
import { setUp } from "../shared/support.ts";

/** What a handler has seen, and what the browser was told. */
export interface Seen {
  readonly user: string | null;
  readonly data: object;
  readonly lines: readonly string[];
}

/** Makes requests with cookies to a program that has a reader. */
export function moved(
  reader: SessionReader,
  now: number = Date.now(),
): (cookies: Record<string, string> | string) => Promise<Seen> {
  const { clock, options } = setUp({ accept: [reader] });
  clock.now = now;
  const handle = withSession(
    (_request, session) =>
      Response.json({ user: session.userId ?? null, data: session }),
    options,
  );
  return async (cookies) => {
    const cookie = typeof cookies === "string"
      ? cookies
      : Object.entries(cookies).map((pair) => pair.join("=")).join("; ");
    // A field that no program of a browser would take.
    const get = (name: string) => name === "cookie" ? cookie : null;
    const headers = new Headers();
    headers.get = get;
    const request = new Request("https://example.com/");
    Object.defineProperty(request, "headers", { value: headers });
    const response = await handle(request);
    const lines = response.headers.getSetCookie();
    return { ...await response.json(), lines };
  };
}

/** Counts how often keys are derived from a password while something runs. */
export async function countDerivations(
  run: () => Promise<unknown>,
): Promise<number> {
  const { subtle } = crypto;
  const { deriveBits } = subtle;
  let count = 0;
  Object.defineProperty(subtle, "deriveBits", {
    configurable: true,
    value: (...args: Parameters<typeof deriveBits>) => {
      // Our own keys are derived by HKDF.
      if (Object(args[0]).name === "PBKDF2") count++;
      return deriveBits.apply(subtle, args);
    },
  });
  try {
    await run();
  } finally {
    delete (subtle as { deriveBits?: unknown }).deriveBits;
  }
  return count;
}
