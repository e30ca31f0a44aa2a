// What durable_object_sessions.test.ts runs in workerd.

import { DurableObjectStore } from "../../stores/durable-object.ts";
import { describeSessions } from "../shared/describe_sessions.ts";
import { bindings } from "./env.ts";

export * from "./worker.ts";
export { default } from "../workerd/worker_entry.ts";

describeSessions("DurableObjectStore", (now) => {
  const options = { prefix: crypto.randomUUID(), now };
  const open = () => new DurableObjectStore(bindings.SESSIONS, options);
  return { store: open(), reopen: () => Promise.resolve(open()) };
});
