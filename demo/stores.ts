import { DatabaseSync } from "node:sqlite";
import type { SessionOptions, SessionStore } from "../mod.ts";
import type { DenoKvLike } from "../stores/deno-kv.ts";
import { DenoKvStore } from "../stores/deno-kv.ts";
import { MemoryStore } from "../stores/memory.ts";
import { SqliteStore } from "../stores/sqlite.ts";
import { openLateKv } from "./late_kv.ts";

/** One way to keep sessions, which a visitor may choose. */
export interface Place {
  /** In the visitor's choice, and in the names of cookies. */
  readonly kind: string;
  /** On the button. */
  readonly name: string;
  /** What is said of it below the buttons. */
  readonly about: string;
  /** What is different in a race here, if anything is. */
  readonly race: string;
  readonly options: Partial<SessionOptions>;
  /** Whether users can see and end their sessions. */
  readonly hasList: boolean;
  /** Its records, as seen by the present request. */
  readonly records?: () => SessionStore;
}

/** What stores are made of. */
export interface PlaceSettings {
  readonly now: () => number;
  /** Deno KV, where there is one. */
  readonly denoKv?: DenoKvLike | undefined;
}

/** The kind of who has not chosen. */
export const USUAL = "memory";

/** Opens all stores that this runtime has. */
export async function openPlaces(
  { now, denoKv }: PlaceSettings,
): Promise<readonly Place[]> {
  const memory = new MemoryStore({ now });
  // A database that is opened twice would be two in memory.
  const sqlite = new SqliteStore(new DatabaseSync(":memory:"), { now });
  await sqlite.createSchema();
  const lateKv = openLateKv(now);
  const places: Place[] = [
    strong("memory", "Memory", memory, {
      about:
        "A record in this process. The cookie is a sealed reference to it.",
    }),
    {
      kind: "cookie",
      name: "Sealed cookie",
      about: "All of it is in the cookie, encrypted. The server keeps nothing.",
      race:
        "But here, all of it is in the cookie, which nobody can merge: of two stars at once, the browser keeps the cookie that comes last.",
      options: {},
      hasList: false,
    },
    strong("sqlite", "SQLite", sqlite, {
      about:
        "A row in SQLite, encrypted: who steals the database can read nothing.",
      encrypt: true,
    }),
  ];
  if (denoKv) {
    places.push(
      strong("deno-kv", "Deno KV", new DenoKvStore(denoKv, { now }), {
        about: "An entry in Deno KV, as on Deno Deploy.",
      }),
    );
  }
  places.push({
    kind: "kv",
    name: "Late KV",
    about:
      "A simulated Workers KV: what is written in one place is seen elsewhere later. Ends are noted in a strong store besides.",
    race:
      "But here, the store cannot compare and swap: of two stars at once, the later one wins. An end counts all the same.",
    options: { store: lateKv, revocations: new MemoryStore({ now }) },
    hasList: true,
    records: lateKv,
  });
  return places;
}

/** A place whose store compares and swaps. */
function strong(
  kind: string,
  name: string,
  store: SessionStore,
  { about, encrypt = false }: { about: string; encrypt?: boolean },
): Place {
  return {
    kind,
    name,
    about,
    race: "",
    options: { store, encrypt, trackIdle: "store" },
    hasList: true,
    records: () => store,
  };
}
