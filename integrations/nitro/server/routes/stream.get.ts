import { defineHandler, iterable } from "nitro/h3";
import { setTimeout } from "node:timers/promises";

export default defineHandler((event) => {
  const visits = event.context.session.update("visits", (n = 0) => n + 1);
  event.res.headers.set("content-type", "text/html; charset=utf-8");
  return iterable(async function* () {
    yield `<p>Visit ${visits}</p>`;
    await setTimeout(500);
    yield "<p>News from the stream</p>";
  });
});
