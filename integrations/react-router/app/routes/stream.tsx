import { setTimeout } from "node:timers/promises";
import { Suspense } from "react";
import { Await } from "react-router";
import { sessionContext } from "../session.server";
import type { Route } from "./+types/stream";

export function loader({ context }: Route.LoaderArgs) {
  const session = context.get(sessionContext);
  return {
    visits: session.update("visits", (n = 0) => n + 1),
    // Not awaited: it is sent when it is there.
    news: setTimeout(500, "News from the stream"),
  };
}

export default function Stream({ loaderData }: Route.ComponentProps) {
  return (
    <main>
      <p>{`Visit ${loaderData.visits}`}</p>
      <Suspense fallback={<p>Loading</p>}>
        <Await resolve={loaderData.news}>{(text) => <p>{text}</p>}</Await>
      </Suspense>
    </main>
  );
}
