import { DenoKvStore } from "../../stores/deno-kv.ts";
import { describeSessions } from "../shared/describe_sessions.ts";

describeSessions("DenoKvStore", async (now) => {
  const kv = await Deno.openKv(":memory:");
  const store = new DenoKvStore(kv, { now });
  return { store, close: () => Promise.resolve(kv.close()) };
});
