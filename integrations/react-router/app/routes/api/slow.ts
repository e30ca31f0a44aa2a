import { setTimeout } from "node:timers/promises";
import { sessionContext } from "../../session.server";
import type { Route } from "./+types/slow";

export async function loader({ context }: Route.LoaderArgs) {
  const session = context.get(sessionContext);
  await setTimeout(500);
  session.update("visits", (n = 0) => n + 1);
  return Response.json({ user: session.userId ?? null });
}
