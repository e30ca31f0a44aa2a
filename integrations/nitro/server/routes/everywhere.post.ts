import { defineHandler, redirect } from "nitro/h3";
import { sessions } from "../utils/session.ts";

export default defineHandler(async ({ context: { session } }) => {
  if (session.userId) await sessions.revokeAll(session.userId);
  session.destroy();
  return redirect("/", 303);
});
