import { Suspense } from "react";
import { setTimeout } from "node:timers/promises";
import { readSession } from "../../session";

export default async function Stream() {
  const session = await readSession();
  return (
    <main>
      <p>{`Visit ${session.get("visits")}`}</p>
      <Suspense fallback={<p>Loading</p>}>
        <News />
      </Suspense>
    </main>
  );
}

async function News() {
  await setTimeout(500);
  return <p>News from the stream</p>;
}
