import type { SessionStore } from "../../../mod.ts";
import { counted } from "./quiet.ts";
import { actors, nextName, reads, type Touch, writes } from "./scheduler.ts";
import type { Surroundings } from "./subject.ts";

/** What may become of a call. */
type Way = "apply" | "lost" | "failed" | "twice";

/** How a store's records are called in a run: their keys are random. */
export class KeyNames {
  readonly #names: Map<string, string> = new Map();

  /** @param before Keys from before the requests, which keep their names. */
  constructor(before: Iterable<string> = []) {
    for (const key of before) this.#names.set(key, key);
  }

  nameOf(key: string): string {
    const known = this.#names.get(key);
    if (known) return known;
    const actor = actors.getStore();
    const name = actor ? nextName(actor, "record") : key;
    this.#names.set(key, name);
    return name;
  }
}

const READS = /^(get|count|list.*)$/;

/** Makes a call when the scheduler lets it, and gives its answer then. */
export type Hold = <Answer>(
  op: string,
  touched: string,
  work: () => Promise<Answer>,
) => Promise<Answer>;

/**
 * Holds the calls of one process twice: before they are made, and before their
 * answer is given. Instead, a call may fail, its answer may be lost, or a client
 * may send it a second time.
 *
 * @param space What the calls are about: sessions, or revocations.
 */
export function holdFor(
  process: string,
  space: string,
  around: Surroundings,
): Hold {
  return async (op, touched, work) => {
    const actor = actors.getStore();
    if (!actor) return await work();
    const { scheduler, faults } = around;
    const name = nextName(actor, op);
    const isRead = READS.test(op);
    const what = `${space}:${touched}`;
    const touches: Touch[] = [isRead ? reads(what) : writes(what)];
    const ways: {
      way: Way;
      process: string;
      touches: Touch[];
      isFault?: boolean;
    }[] = [{ way: "apply", process, touches }];
    for (const way of ["lost", "failed", "twice"] as const) {
      if (!around.mayFail() || !faults.has(way)) continue;
      // A second reading, and a lost answer to one, is a failed one at most.
      if (isRead && way !== "failed") continue;
      const all = [...touches, writes("faults")];
      ways.push({ way, process, touches: all, isFault: true });
    }
    const way = await scheduler.choose(name, ways);
    if (way !== "apply") around.fail(way);
    const make = () => actors.exit(() => counted(work));
    let outcome: { answer: Awaited<ReturnType<typeof work>> } | {
      error: unknown;
    };
    try {
      if (way === "failed") throw new Error("ECONNREFUSED");
      let answer = await make();
      if (way === "twice") answer = await make();
      if (way === "lost") throw new Error("ECONNRESET");
      outcome = { answer };
    } catch (error) {
      outcome = { error };
    }
    if (around.isDead(process)) return await new Promise(() => {});
    await scheduler.hold({
      name: `${name} answer`,
      process,
      touches: [writes(`process ${process}`)],
    });
    if ("error" in outcome) throw outcome.error;
    return outcome.answer;
  };
}

/** A store of one process whose calls are held. */
export function heldStore(
  inner: SessionStore,
  process: string,
  space: string,
  names: KeyNames,
  around: Surroundings,
): SessionStore {
  const held = holdFor(process, space, around);
  return new Proxy(inner, {
    get(target, name: keyof SessionStore) {
      const member = target[name];
      if (typeof member !== "function") return member;
      const method = (member as (...args: unknown[]) => unknown).bind(target);
      if (name === "listByUser") {
        return async function* (user: string) {
          yield* await held(
            "listByUser",
            "*",
            () => Array.fromAsync(method(user) as AsyncIterable<unknown>),
          );
        };
      }
      return (...args: unknown[]) => {
        const isOfKey = !/^(count|deleteExpired)$/.test(name);
        const touched = isOfKey ? names.nameOf(args[0] as string) : "*";
        return held(name, touched, () => method(...args) as Promise<unknown>);
      };
    },
  });
}
