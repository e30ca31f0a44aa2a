// The client leaves before its route has answered.

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { after, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { SessionOptions } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { START, typesOf } from "../shared/support.ts";
import { cookieOf, count, kinds } from "./_express.ts";
import { closeApps, type Req, start, type Started } from "./_fastify.ts";

after(closeApps);

/** Asks for a page and leaves once its route has begun. */
async function leave(
  { url }: Pick<Started, "url">,
  cookie: string,
  begun: Promise<void>,
): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname).on("error", () => {});
  socket.write(
    `POST / HTTP/1.1\r\nHost: ${hostname}:${port}\r\nCookie: ${cookie}\r\n` +
      "Content-Length: 0\r\n\r\n",
  );
  await begun;
  socket.destroy();
}

/** Runs a route whose client leaves, and gives who is signed in then. */
async function visit(
  more: Partial<SessionOptions>,
  act: (request: Req, left: Promise<unknown>) => unknown,
) {
  const begun = Promise.withResolvers<void>();
  const over = Promise.withResolvers<void>();
  const started = await start({
    "/": async (request, reply) => {
      if (request.method === "GET") {
        const { userId, isNew } = request.session;
        if (isNew) request.session.login("ada");
        return `${userId} ${request.session.get("n")}`;
      }
      const left = once(reply.raw, "close");
      begun.resolve();
      const said = await act(request, left);
      over.resolve();
      return said ?? await new Promise(() => {});
    },
  }, more);
  const cookie = `${cookieOf(await started.get("/"))}`;
  typesOf(started.events);
  await leave(started, cookie, begun.promise);
  await over.promise;
  await delay(20);
  const seen = typesOf(started.events);
  const user = await (await started.get("/", cookie)).text();
  return { user, seen };
}

describe("a client of Fastify that leaves", () => {
  for (const [kind, more] of Object.entries(kinds)) {
    it(`is signed out, though nobody answers, data ${kind}`, async () => {
      const { user, seen } = await visit(more(), async ({ session }, left) => {
        session.destroy();
        await left;
      });
      assert.equal(user, "undefined undefined");
      assert.deepEqual(seen, ["opened", "destroyed"]);
    });

    it(`is signed out, also after it has left, data ${kind}`, async () => {
      const { user } = await visit(more(), async ({ session }, left) => {
        await left;
        session.reset();
        session.flash("notice", "You have signed out");
      });
      assert.equal(user, "undefined undefined");
    });

    it(`is signed out once if somebody answers, data ${kind}`, async () => {
      const { user, seen } = await visit(more(), async ({ session }, left) => {
        session.destroy();
        await left;
        await delay(5);
        return "out";
      });
      assert.equal(user, "undefined undefined");
      assert.deepEqual(seen, ["opened", "destroyed"]);
    });
  }

  it("has its session kept if somebody answers", async () => {
    const store = new MemoryStore({ now: () => START });
    const { user, seen } = await visit({ store }, async (request, left) => {
      count(request);
      await left;
      await delay(5);
      count(request);
      return "counted";
    });
    assert.equal(user, "ada 2");
    assert.deepEqual(seen, ["opened"]);
  });

  it("is listened for once there is something to keep, and once", async () => {
    const counts: number[] = [];
    const { get } = await start({
      "/": (request, reply) => {
        const note = () => counts.push(reply.raw.listenerCount("close"));
        note();
        request.session.get("n");
        note();
        count(request);
        note();
        request.session.flash("notice", "counted");
        request.session.regenerate();
        note();
        return "counted";
      },
    });
    await (await get("/")).text();
    const [before = 0] = counts;
    assert.deepEqual(counts, [before, before, before + 1, before + 1]);
  });
});
