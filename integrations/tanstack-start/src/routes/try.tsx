import { createFileRoute } from "@tanstack/react-router";
import { fail } from "../account";

export const Route = createFileRoute("/try")({
  component: () => (
    <form id="fail" method="post" action={fail.url}>
      <button type="submit">Fail</button>
    </form>
  ),
});
