import { createFileRoute } from "@tanstack/react-router";

export const Route = createFileRoute("/api/me")({
  server: {
    handlers: {
      GET: ({ context: { session } }) =>
        Response.json({ user: session.userId ?? null }),
    },
  },
});
