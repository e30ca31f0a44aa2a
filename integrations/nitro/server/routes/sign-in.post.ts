import { defineHandler, redirect } from "nitro/h3";

export default defineHandler(async ({ req, context: { session } }) => {
  const name = String((await req.formData()).get("name"));
  // … check the password …
  session.login(name);
  session.flash("notice", `Welcome, ${name}`);
  return redirect("/", 303);
});
