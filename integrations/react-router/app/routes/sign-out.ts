import { redirect } from "react-router";
import { sessionContext } from "../session.server";
import type { Route } from "./+types/sign-out";

export function action({ context }: Route.ActionArgs) {
  const session = context.get(sessionContext);
  session.reset();
  session.flash("notice", "You have signed out");
  return redirect("/", 303);
}
