import { redirect } from "next/navigation";
import { route } from "../../session";

export const GET = route((session) => {
  // … check the code of the link …
  session.login("Grace");
  session.flash("notice", "Welcome, Grace");
  redirect("/");
});
