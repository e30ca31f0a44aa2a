import { defineHandler } from "nitro/h3";
import { setTimeout } from "node:timers/promises";

export default defineHandler(async ({ context: { session } }) => {
  await setTimeout(500);
  session.update("visits", (n = 0) => n + 1);
  return { user: session.userId ?? null };
});
