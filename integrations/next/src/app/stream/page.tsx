import { Suspense } from "react";
import { setTimeout } from "node:timers/promises";
import { read } from "../../session";

export default async function Stream() {
  const session = await read();
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
