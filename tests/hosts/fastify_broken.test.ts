// A reply of Fastify that breaks while its session is kept.

import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { after, describe, it } from "node:test";
import { cookieOf, count, slowStore } from "./_express.ts";
import { type Act, closeApps, start } from "./_fastify.ts";

after(closeApps);

/** Shows the session that a cookie has. */
const show: Record<string, Act> = {
  "/": ({ session }) => `${session.userId} ${session.get("n")}`,
};

describe("a stream of Fastify that breaks while its session is kept", () => {
  const STREAMS: Readonly<Record<string, () => unknown>> = {
    "a file that is not there": () => createReadStream("/does/not/exist"),
    "a stream": () => {
      const stream = new Readable({ read() {} });
      setImmediate(() => stream.destroy(new Error("broken")));
      return stream;
    },
    "a web stream": () =>
      new ReadableStream({
        start(controller) {
          setImmediate(() => controller.error(new Error("broken")));
        },
      }),
  };
  for (const [name, make] of Object.entries(STREAMS)) {
    it(`is an error of its request alone: ${name}`, async () => {
      const { get } = await start({
        ...show,
        "/send": (request, reply) => {
          count(request);
          return reply.send(make());
        },
      }, { store: slowStore({ ms: 20 }) });
      const response = await get("/send");
      assert.equal(response.status, 500);
      assert.match(await response.text(), /^error: (ENOENT|broken)$/);
      assert.equal(response.headers.get("cache-control"), "no-store");
      // The session was kept.
      const kept = await get("/", cookieOf(response));
      assert.equal(await kept.text(), "undefined 1");
    });
  }
});
