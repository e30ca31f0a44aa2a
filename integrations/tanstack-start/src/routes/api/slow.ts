import { createFileRoute } from "@tanstack/react-router";
import { setTimeout } from "node:timers/promises";

export const Route = createFileRoute("/api/slow")({
  server: {
    handlers: {
      GET: async ({ context: { session } }) => {
        await setTimeout(500);
        session.update("visits", (n = 0) => n + 1);
        return Response.json({ user: session.userId ?? null });
      },
    },
  },
});
