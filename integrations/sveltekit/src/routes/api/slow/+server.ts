import { json } from "@sveltejs/kit";
import { setTimeout } from "node:timers/promises";
import type { RequestHandler } from "./$types";

export const GET: RequestHandler = async ({ locals: { session } }) => {
  await setTimeout(500);
  session.update("visits", (n = 0) => n + 1);
  return json({ user: session.userId ?? null });
};
