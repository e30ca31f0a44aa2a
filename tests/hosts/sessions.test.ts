import { ClassicLevel } from "classic-level";
import { join } from "node:path";
import type { SessionStore } from "../../mod.ts";
import { FileStore } from "../../stores/file.ts";
import { LevelStore } from "../../stores/level.ts";
import { SqliteStore } from "../../stores/sqlite.ts";
import { describeSessions } from "../shared/describe_sessions.ts";
import { temporaryFolder } from "./_folders.ts";
import { openSqlite } from "./_sqlite.ts";

type Now = () => number;

interface Opened {
  readonly store: SessionStore;
  close?(): unknown;
}

/** Opens a store in a new folder, which is removed with it. */
function inFolder(
  open: (
    folder: string,
    now: Now,
  ) => Opened | Promise<Opened>,
) {
  return async (now: Now) => {
    const { path, remove } = await temporaryFolder();
    const { store, close } = await open(path, now);
    return {
      store,
      async close() {
        await close?.();
        await remove();
      },
    };
  };
}

describeSessions(
  "SqliteStore",
  inFolder(async (folder, now) => {
    const database = await openSqlite(join(folder, "sessions.db"));
    const store = new SqliteStore(database, { now });
    await store.createSchema();
    return { store, close: () => database.close() };
  }),
);

describeSessions(
  "FileStore",
  inFolder((folder, now) => ({ store: new FileStore(folder, { now }) })),
);

describeSessions(
  "LevelStore",
  inFolder((folder, now) => {
    const database = new ClassicLevel(folder);
    const store = new LevelStore(database, { now });
    return { store, close: () => database.close() };
  }),
);
