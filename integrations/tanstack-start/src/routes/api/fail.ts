import { createFileRoute } from "@tanstack/react-router";

export const Route = createFileRoute("/api/fail")({
  server: {
    handlers: {
      GET: ({ context: { session } }) => {
        session.set("visits", 1000);
        throw new Error("It was meant to fail");
      },
    },
  },
});
