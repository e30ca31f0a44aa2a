import { setTimeout } from "node:timers/promises";
import { getSession } from "../../session";

export async function GET() {
  const session = getSession();
  await setTimeout(500);
  session.update("visits", (n = 0) => n + 1);
  return Response.json({ user: session.userId ?? null });
}
