import { setCookie } from "@solidjs/start/http";
import { getSession } from "../../session";

export function GET() {
  getSession().update("visits", (n = 0) => n + 1);
  setCookie("theme", "dark");
  const headers = { "set-cookie": "size=large; Path=/" };
  return new Response("Two cookies", { headers });
}
