import { redirect } from "react-router";
import { sessionContext, sessions } from "../session.server";
import type { Route } from "./+types/everywhere";

export async function action({ context }: Route.ActionArgs) {
  const session = context.get(sessionContext);
  if (session.userId) await sessions.revokeAll(session.userId);
  session.destroy();
  return redirect("/", 303);
}
