import { sessionContext } from "../../session.server";
import type { Route } from "./+types/cookies";

export function loader({ context }: Route.LoaderArgs) {
  context.get(sessionContext).update("visits", (n = 0) => n + 1);
  const headers = new Headers();
  headers.append("set-cookie", "theme=dark; Path=/");
  headers.append("set-cookie", "size=large; Path=/");
  return new Response("Two cookies", { headers });
}
