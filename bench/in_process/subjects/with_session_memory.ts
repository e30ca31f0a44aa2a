import { MemoryStore } from "../../../stores/memory.ts";
import type { Subject } from "../subject.ts";
import { handlersWith } from "./with_session.ts";

/** The library, with its data in memory. */
export const subject: Subject = {
  name: "with-session (memory)",
  packages: ["with-session"],
  protects: "encrypts",
  note: "defaults: MemoryStore; the cookie is a sealed reference",
  hasStore: true,
  kinds: ["untouched", "anonymous", "read-seen", "write-seen", "forged"],
  create: (setup) =>
    handlersWith(setup, { secret: setup.secrets, store: new MemoryStore() }),
};
