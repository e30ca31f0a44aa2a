import type { APIEvent } from "@solidjs/start/server";
import { useOldSession } from "../../old-session";

/** Signs in as the program did before. */
export async function POST({ request }: APIEvent) {
  const form = await request.formData();
  const old = await useOldSession();
  await old.update({ userId: String(form.get("name")) });
  return new Response("Signed in");
}
