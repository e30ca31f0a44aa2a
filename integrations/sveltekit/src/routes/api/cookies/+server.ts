import type { RequestHandler } from "./$types";

export const GET: RequestHandler = ({ cookies, locals: { session } }) => {
  session.update("visits", (n = 0) => n + 1);
  cookies.set("theme", "dark");
  const headers = { "set-cookie": "size=large; Path=/" };
  return new Response("Two cookies", { headers });
};
