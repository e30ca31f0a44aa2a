import { redirect } from "react-router";
import { sessionContext } from "../session.server";
import type { Route } from "./+types/sign-in";

export async function action({ request, context }: Route.ActionArgs) {
  const session = context.get(sessionContext);
  const form = await request.formData();
  const name = String(form.get("name"));
  // … check the password …
  session.login(name);
  session.flash("notice", `Welcome, ${name}`);
  return redirect("/", 303);
}
