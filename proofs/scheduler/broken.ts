import type { Edit } from "../common/library_copy.ts";

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
      find: `if (entry.record.revision !== revision) return "conflict";`,
      put: "",
    }],
    title: "add | add elsewhere",
  },
  {
    name: "a write inserts what has ended",
    edits: [{
      file: "stores/memory.ts",
      find: `if (!entry) return "gone";`,
      put: `if (!entry) return await this.create(key, record), "ok";`,
    }],
    title: "add | logout elsewhere",
  },
  {
    name: "a change is not made again after a conflict",
    edits: [{
      file: "src/store/write_group.ts",
      find: "    base = { sid, key, record: now };\n",
      put: "    base = { sid, key, record: now };\n    return settle(base);\n",
    }],
    title: "add | add elsewhere",
  },
  {
    name: "a write is not found in its record",
    edits: [{
      file: "src/store/attempts.ts",
      find: "if (ids.startsWith(id, at)) return true;",
      put: "if (ids.startsWith(id, at)) return false;",
    }],
    title: "add | add elsewhere, an answer that is lost",
  },
  {
    name: "a login leaves earlier cookies",
    edits: [{
      file: "src/store/generation.ts",
      find: "    floor: next,\n",
      put: "    floor: newest,\n",
    }],
    title: "a thief's copy, and a login",
  },
  {
    name: "a login leaves another user's data",
    edits: [{
      file: "src/store/write.ts",
      find: "  if (isOthers) wipe(values);\n",
      put: "",
    }],
    title: "add | login bob elsewhere",
  },
  {
    name: "a slower answer does not ask what has ended",
    edits: [{
      file: "src/store/outdated.ts",
      find: "generation > own && !(isLogin && /^(replaced|read)$/.test(kind))",
      put: "false",
    }],
    title: "a login that was saved, and another one",
  },
  {
    name: "destroy() does not wait for a save()",
    edits: [{
      file: "src/store/end_session.ts",
      find: "  while (state.saving) await state.saving;\n",
      put: "",
    }],
    title: "logout while a new session is saved",
  },
];
