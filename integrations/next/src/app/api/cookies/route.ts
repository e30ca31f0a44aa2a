import { cookies } from "next/headers";
import { route } from "../../../session";

export const GET = route(async (session) => {
  session.update("visits", (n = 0) => n + 1);
  (await cookies()).set("theme", "dark");
  const headers = { "set-cookie": "size=large; Path=/" };
  return new Response("Two cookies", { headers });
});
