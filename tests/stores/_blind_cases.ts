import type { SessionStore } from "../../src/store/contract.ts";
import type { StoreCase } from "../../testing.ts";
import { casesWithout } from "../../testing/describe_store.ts";

/** What a store cannot do that writes without looking at what is there. */
const LOOKING: readonly string[] = [
  "update() from another revision is a conflict and changes nothing",
  "update() of an unknown key finds it gone and inserts nothing",
  "update() after delete() finds it gone and inserts nothing",
  "update() finds an expired record gone and does not revive it",
  "update() can bring the end forward",
  "a record that is created in the past is never there",
  "update() with an end in the past ends a record",
  "listByUser() is not changed by an update that fails",
  "an update that is refused moves a record to nobody's list",
];

/** The cases that hold for a store which counts one user's sessions, not all. */
export function casesOfBlindStore(): StoreCase[] {
  const cases = casesWithout(["strong", "touch", "count", "deleteExpired"]);
  const names = cases.map(({ name }) => name);
  const unknown = LOOKING.filter((name) => !names.includes(name));
  if (unknown.length) throw new Error(`There is no case "${unknown[0]}"`);
  return cases.filter(({ name }) => !LOOKING.includes(name));
}

/** The store, as if it could not count. */
export function withoutCount(store: SessionStore): SessionStore {
  return new Proxy(store, {
    get(target, name) {
      if (name === "count") return undefined;
      const member = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}
