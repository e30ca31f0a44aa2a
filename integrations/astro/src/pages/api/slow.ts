import type { APIRoute } from "astro";
import { setTimeout } from "node:timers/promises";

export const GET: APIRoute = async ({ locals: { session } }) => {
  await setTimeout(500);
  session.update("visits", (n = 0) => n + 1);
  return Response.json({ user: session.userId ?? null });
};
