import { openKv } from "@deno/kv";
import { DenoKvStore } from "../../stores/deno-kv.ts";
import { createClock, describeStore } from "../../testing.ts";
import { describeSessions } from "../shared/describe_sessions.ts";

// Deno's own is tested in tests/deno.
describeStore("DenoKvStore on @deno/kv", async () => {
  const clock = createClock();
  const kv = await openKv(":memory:");
  const make = () => new DenoKvStore(kv, { now: clock.now });
  let isOpen = true;
  const shut = () => {
    if (isOpen) kv.close();
    isOpen = false;
    return Promise.resolve();
  };
  return {
    ...clock,
    store: make(),
    reopen: () => Promise.resolve(make()),
    breakBackEnd: shut,
    close: shut,
  };
}, { with: ["failure"], without: ["full"] });

describeSessions("DenoKvStore on @deno/kv", async (now) => {
  const kv = await openKv(":memory:");
  const store = new DenoKvStore(kv, { now });
  return { store, close: () => Promise.resolve(kv.close()) };
});
