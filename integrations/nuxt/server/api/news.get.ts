import { setTimeout } from "node:timers/promises";

export default defineEventHandler(async () => {
  await setTimeout(500);
  return "News from the stream";
});
