import { redirect } from "react-router";
import { sessionContext } from "../session.server";
import type { Route } from "./+types/members";

const guard: Route.MiddlewareFunction = ({ context }) => {
  const session = context.get(sessionContext);
  if (session.userId) return;
  session.flash("notice", "Sign in first");
  throw redirect("/", 303);
};

export const middleware = [guard];

// Without a loader, the client shows the page and does not ask the server.
export const loader = () => null;

export default function Members() {
  return <p>Members only</p>;
}
