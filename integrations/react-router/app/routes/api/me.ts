import { sessionContext } from "../../session.server";
import type { Route } from "./+types/me";

export function loader({ context }: Route.LoaderArgs) {
  const session = context.get(sessionContext);
  return Response.json({ user: session.userId ?? null });
}
