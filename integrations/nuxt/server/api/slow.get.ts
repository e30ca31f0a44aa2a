import { setTimeout } from "node:timers/promises";

export default defineEventHandler(async (event) => {
  const { session } = event.context;
  await setTimeout(500);
  session.update("visits", (n = 0) => n + 1);
  if ("redirect" in getQuery(event)) return sendRedirect(event, "/", 303);
  return { user: session.userId ?? null };
});
