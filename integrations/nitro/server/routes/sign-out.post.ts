import { defineHandler, redirect } from "nitro/h3";

export default defineHandler(({ context: { session } }) => {
  session.reset();
  session.flash("notice", "You have signed out");
  return redirect("/", 303);
});
