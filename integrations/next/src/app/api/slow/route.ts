import { setTimeout } from "node:timers/promises";
import { route } from "../../../session";

export const GET = route(async (session) => {
  await setTimeout(500);
  session.update("visits", (n = 0) => n + 1);
  return Response.json({ user: session.userId ?? null });
});
