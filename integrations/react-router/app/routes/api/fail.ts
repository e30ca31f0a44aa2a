import { sessionContext } from "../../session.server";
import type { Route } from "./+types/fail";

export function loader({ context }: Route.LoaderArgs) {
  context.get(sessionContext).set("visits", 1000);
  throw new Error("It was meant to fail");
}
