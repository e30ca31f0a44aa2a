import { oldSessions } from "../old_sessions.server";
import type { Route } from "./+types/old";

/** Signs in as the program did before. */
export async function action({ request }: Route.ActionArgs) {
  const session = await oldSessions.getSession();
  const form = await request.formData();
  session.set("userId", String(form.get("name")));
  const headers = { "set-cookie": await oldSessions.commitSession(session) };
  return new Response("Signed in", { headers });
}
