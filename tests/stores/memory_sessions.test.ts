import { MemoryStore } from "../../stores/memory.ts";
import { describeSessions } from "../shared/describe_sessions.ts";

describeSessions("MemoryStore", (now) => {
  const store = new MemoryStore({ now });
  return { store, reopen: () => Promise.resolve(store) };
});
