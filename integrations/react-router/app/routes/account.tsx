import { redirect } from "react-router";
import { sessionContext } from "../session.server";
import type { Route } from "./+types/account";

export function loader({ context }: Route.LoaderArgs) {
  const { userId } = context.get(sessionContext);
  if (!userId) throw redirect("/", 303);
  return { name: userId };
}

export default function Account({ loaderData }: Route.ComponentProps) {
  return <p>{`Account of ${loaderData.name}`}</p>;
}
