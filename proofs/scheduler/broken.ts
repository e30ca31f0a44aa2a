import type { Edit } from "./subjects/library.ts";

// Ways to break the library. Each has to be found, or the search is worth
// nothing.

export interface Breakage {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** The program of the catalogue that shows it. */
  readonly title: string;
}

export const breakages: readonly Breakage[] = [
  {
    name: "a write takes no notice of the revision",
    edits: [{
      file: "stores/memory.ts",
      from: `if (entry.record.revision !== revision) return "conflict";`,
      to: "",
    }],
    title: "add | add elsewhere",
  },
  {
    name: "a write inserts what has ended",
    edits: [{
      file: "stores/memory.ts",
      from: `if (!entry) return "gone";`,
      to: `if (!entry) return await this.create(key, record), "ok";`,
    }],
    title: "add | logout elsewhere",
  },
  {
    name: "a change is not made again after a conflict",
    edits: [{
      file: "src/store/write_group.ts",
      from: "    base = { sid, key, record: now };\n",
      to: "    base = { sid, key, record: now };\n    return settle(base);\n",
    }],
    title: "add | add elsewhere",
  },
  {
    name: "a write is not found in its record",
    edits: [{
      file: "src/store/attempts.ts",
      from: "if (ids.startsWith(id, at)) return true;",
      to: "if (ids.startsWith(id, at)) return false;",
    }],
    title: "add | add elsewhere, an answer that is lost",
  },
  {
    name: "a login leaves earlier cookies",
    edits: [{
      file: "src/store/generation.ts",
      from: "    floor: next,\n",
      to: "    floor: newest,\n",
    }],
    title: "a thief's copy, and a login",
  },
  {
    name: "a login leaves another user's data",
    edits: [{
      file: "src/store/write.ts",
      from: "  if (isOthers) wipe(values);\n",
      to: "",
    }],
    title: "add | login bob elsewhere",
  },
  {
    name: "a slower answer does not ask what has ended",
    edits: [{
      file: "src/store/outdated.ts",
      from: `generation > own && !(isLogin && kind === "replaced")`,
      to: "false",
    }],
    title: "a login that was saved, and another one",
  },
  {
    name: "destroy() does not wait for a save()",
    edits: [{
      file: "src/store/end_session.ts",
      from: "  while (state.saving) await state.saving;\n",
      to: "",
    }],
    title: "logout while a new session is saved",
  },
];
