import type { SessionStore } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { LateStore } from "./late_store.ts";
import { type Act, StoreBench } from "./store_bench.ts";
import { setUp } from "./support.ts";
import { type Slow, slowly } from "./tabs.ts";

// What slow requests do to a session that others have ended or replaced.

/** Makes a store, on the clock that it is given. */
export type Open = (now: () => number) => SessionStore;

export const strong: Open = (now) => new MemoryStore({ now });
/** A strong and a late one. */
export const STORES: Readonly<Record<string, Open>> = {
  strong,
  late: () => new LateStore(90),
};

export function begin(open: Open = strong): StoreBench {
  const bench = setUp({ tokenCache: undefined });
  return new StoreBench(bench, { store: open(() => bench.clock.now) });
}

/** A request that has read its session, and stops before it does this. */
export async function slowReader(
  bench: StoreBench,
  cookie: string,
  act: Act,
): Promise<Slow> {
  const slow = slowly(bench, cookie, async (session, wait) => {
    session.keys();
    await wait();
    await act(session);
  });
  await slow.arrived;
  return slow;
}

/** Who is logged in by a cookie; `null` if nobody is. */
export async function userOf(
  bench: StoreBench,
  cookie: string,
): Promise<string | null> {
  const answer = await bench.act(cookie, (session) => session.userId);
  return await answer.json();
}

export const regenerate: Act = (session) => session.regenerate();
export const login: Act = (session) => session.login("ada");
export const logout: Act = (session) => session.destroy();
export const anew: Act = (session) => {
  session.reset();
  session.set("n", 1);
};
