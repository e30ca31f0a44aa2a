import { Form } from "react-router";
import { sessionContext } from "../session.server";
import type { Route } from "./+types/try";

export function action({ context }: Route.ActionArgs) {
  context.get(sessionContext).set("visits", 1000);
  throw new Error("It was meant to fail");
}

export default function Try() {
  return (
    <Form id="fail" method="post">
      <button type="submit">Fail</button>
    </Form>
  );
}
