import { defineHandler, setCookie } from "nitro/h3";

export default defineHandler((event) => {
  event.context.session.update("visits", (n = 0) => n + 1);
  setCookie(event, "theme", "dark");
  const headers = { "set-cookie": "size=large; Path=/" };
  return new Response("Two cookies", { headers });
});
