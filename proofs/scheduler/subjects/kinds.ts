import type { SessionRecord, UpdateResult } from "../../../mod.ts";
import type { Library } from "./library.ts";
import type { Kind } from "./with_session.ts";

type Memory = typeof import("../../../stores/memory.ts");

/** What a store that can compare and swap promises. */
const STRONG = {
  keeps: "all",
  ends: "all",
  refusesOld: true,
  hasIds: true,
} as const;

/** What sessions in cookies promise: nobody else knows of an end. */
const SEALED = {
  keeps: "unmet",
  ends: "jar",
  refusesOld: false,
  hasIds: false,
} as const;

/** Sessions in the memory of one machine, for which all is searched. */
export async function inMemory(library: Library): Promise<Kind> {
  const { MemoryStore } = await library.store<Memory>("stores/memory.ts");
  /** A store that knows what it holds, to begin another run with. */
  class Copied extends MemoryStore {
    readonly records: Map<string, SessionRecord> = new Map();
    override create(key: string, record: SessionRecord): Promise<boolean> {
      this.records.set(key, record);
      return super.create(key, record);
    }
    override update(
      key: string,
      record: SessionRecord,
      revision: number,
    ): Promise<UpdateResult> {
      this.records.set(key, record);
      return super.update(key, record, revision);
    }
  }
  return {
    name: "memory",
    promises: STRONG,
    async openStore(now, content) {
      if (!content) {
        const store = new Copied({ now });
        return { open: () => store, content: () => new Map(store.records) };
      }
      const store = new MemoryStore({ now });
      for (const [key, record] of content as Copied["records"]) {
        await store.create(key, record);
      }
      return { open: () => store };
    },
  };
}

/** Sessions in cookies; with `revocations`, whose record they are bound to. */
export function inCookies(hasRevocations: boolean): Kind {
  return {
    name: hasRevocations ? "bound" : "sealed",
    promises: SEALED,
    hasRevocations,
  };
}
