// What d1_sessions.test.ts runs in workerd.

import { D1Store } from "../../stores/d1.ts";
import { describeSessions } from "../shared/describe_sessions.ts";
import { bindings } from "./env.ts";

export * from "./worker.ts";
export { default } from "../workerd/worker_entry.ts";

let tables = 0;

describeSessions("D1Store", async (now) => {
  const table = `Sessions_${tables++}`;
  const open = () => new D1Store(bindings.DB, { table, now });
  const store = open();
  await store.createSchema();
  return { store, reopen: () => Promise.resolve(open()) };
});
