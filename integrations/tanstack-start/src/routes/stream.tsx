import { Await, createFileRoute } from "@tanstack/react-router";
import { createServerFn } from "@tanstack/react-start";
import { Suspense } from "react";
import { setTimeout } from "node:timers/promises";
import { visit } from "../account";

const slowNews = createServerFn().handler(async () => {
  await setTimeout(500);
  return "News from the stream";
});

export const Route = createFileRoute("/stream")({
  loader: async () => {
    const news = slowNews();
    return { visits: (await visit()).visits, news };
  },
  component: Stream,
});

function Stream() {
  const { visits, news } = Route.useLoaderData();
  return (
    <main>
      <p>{`Visit ${visits}`}</p>
      <Suspense fallback={<p>Loading</p>}>
        <Await promise={news}>{(text) => <p>{text}</p>}</Await>
      </Suspense>
    </main>
  );
}
