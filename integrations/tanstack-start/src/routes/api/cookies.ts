import { createFileRoute } from "@tanstack/react-router";
import { setCookie } from "@tanstack/react-start/server";

export const Route = createFileRoute("/api/cookies")({
  server: {
    handlers: {
      GET: ({ context: { session } }) => {
        session.update("visits", (n = 0) => n + 1);
        setCookie("theme", "dark");
        const headers = { "set-cookie": "size=large; Path=/" };
        return new Response("Two cookies", { headers });
      },
    },
  },
});
