import { createFileRoute } from "@tanstack/react-router";
import { visit } from "../account";

export const Route = createFileRoute("/fail")({
  loader: async () => {
    await visit();
    throw new Error("It was meant to fail");
  },
  errorComponent: () => <p>Sorry</p>,
});
