import type { APIRoute } from "astro";

export const GET: APIRoute = ({ cookies, locals: { session } }) => {
  session.update("visits", (n = 0) => n + 1);
  cookies.set("theme", "dark");
  const headers = { "set-cookie": "size=large; Path=/" };
  return new Response("Two cookies", { headers });
};
