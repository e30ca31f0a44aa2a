import { sessionContext } from "../session.server";
import type { Route } from "./+types/fail";

export function loader({ context }: Route.LoaderArgs) {
  context.get(sessionContext).update("visits", (n = 0) => n + 1);
  throw new Error("It was meant to fail");
}

export default function Fail() {
  return <p>Never shown</p>;
}
