// Copies of the library, each broken on purpose in one place: a soak that does
// not find them is worth nothing.

import { breakCopy, type Edit } from "../common/library_copy.ts";

const EDITS: Readonly<Record<string, Edit>> = {
  // A write takes the place of whatever is there.
  "no-swap": {
    file: "src/store/write_group.ts",
    find:
      "const ask = () =>\n      storeOf(visit).update(key, record, shown?.revision ?? revision);",
    put: `const ask = async () => {
      const there = await storeOf(visit).get(key);
      const last = there?.revision ?? revision;
      return storeOf(visit).update(key, record, last);
    };`,
  },
  // A write that lost the race is acknowledged.
  "conflict-is-ok": {
    file: "src/store/write_group.ts",
    find: 'if (result === "ok") return',
    put: 'if (result !== "gone") return',
  },
  // A write whose answer was lost is made again.
  "no-write-ids": {
    file: "src/store/attempts.ts",
    find: 'const ids = values[WRITES] as string | undefined ?? "";\n  for',
    put: 'const ids = "";\n  for',
  },
  // A logout clears the cookie, and that is all.
  "no-delete": {
    file: "src/store/end_record.ts",
    find: "const ask = () => storeOf(visit).delete(key);",
    put: "const ask = () => Promise.resolve();",
  },
  // A slow write brings back what has ended.
  "inserts": {
    file: "src/store/write_group.ts",
    find: 'now = result === "conflict"',
    put: `if (result === "gone" && await storeOf(visit).create(key, record)) {
        return settle({ sid, key, record });
      }
      now = result === "conflict"`,
  },
  // A cookie from before a login opens the session.
  "no-floor": {
    file: "src/store/generation.ts",
    find: 'if (number > newest || number < floor) return "refused";',
    put: `if (number > newest) return "refused";
  if (number < floor) return "grace";`,
  },
  // What one user has left is there for the next.
  "no-wipe": {
    file: "src/session/own_keys.ts",
    find: "for (const key of keys) delete values[key];",
    put: "",
  },
  // A process believes for a moment what it has read.
  "cached-reads": {
    file: "src/store/back_end.ts",
    find: "const ask = () => storeOf(visit).get(key);",
    put: `const all = (globalThis as any).cachedReads ??= new Map();
  const known = all.get(key);
  const ask = known && performance.now() - known.at < 300
    ? () => known.record
    : () => {
      const record = storeOf(visit).get(key);
      all.set(key, { at: performance.now(), record });
      return record;
    };`,
  },
  // Notices are shown again and again.
  "keeps-notices": {
    file: "src/session/live_session.ts",
    find: "if (read.length && !this.#isUnseen()) {",
    put: "if (!read.length) {",
  },
  // Whoever still has the cookie from before a renewal is a thief.
  "no-grace": {
    file: "src/store/generation.ts",
    find:
      "return isGraceOver(at, settings.now(), clock === clockName(settings));",
    put: "return at !== 0;",
  },
  // Each call of the store leaves a timer.
  "leaks": {
    file: "src/store/call.ts",
    find: "clearTimeout(timer);",
    put: "setInterval(() => settings, 1e6);",
  },
};

/** What can be broken. */
export const NAMES: readonly string[] = Object.keys(EDITS);

/**
 * Makes such a copy, which is removed when this process ends.
 *
 * @returns Where it is.
 */
export function breakLibrary(name: string): URL {
  return breakCopy(EDITS[name] as Edit);
}
