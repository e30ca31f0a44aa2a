// What becomes of a session of Fastify whose client leaves or whose route fails,
// with a timer that goes when the test says so: over HTTP, fastify_left.test.ts
// shows it.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Session } from "../../mod.ts";
import { ReplyExchange } from "../../src/node/plugin.ts";
import { resolveOptions } from "../../src/options/resolve.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { setUp, START, typesOf } from "../shared/support.ts";
import { NotedReply } from "./_node_response.ts";
import { noteTimers, runTimers, turns, waiting } from "./_timers.ts";

/** A store that deletes nothing once it is down. */
class Failing extends MemoryStore {
  isDown = false;

  override async delete(key: string): Promise<void> {
    if (this.isDown) throw new Error("down");
    await super.delete(key);
  }
}

/** Opens the session of a request, and then that of one with its cookie. */
async function signIn() {
  const store = new Failing({ now: () => START });
  const { options, events } = setUp({ store });
  const settings = resolveOptions(options);
  const open = async (cookie = "") => {
    const headers = { host: "localhost", ...cookie && { cookie } };
    const raw = { httpVersion: "1.1", method: "GET", url: "/", headers };
    const reply = new NotedReply();
    const exchange = new ReplyExchange(settings, { raw }, reply);
    const session: Session = await exchange.open();
    return { exchange, reply, session };
  };
  const { exchange, reply, session } = await open();
  session.login("ada");
  await exchange.send("in");
  const [line = ""] = [reply.getHeader("set-cookie") ?? []].flat() as string[];
  const opened = await open(line.split(";")[0]);
  assert.equal(opened.session.userId, "ada");
  typesOf(events);
  return { ...opened, store, events };
}

describe("a client of Fastify that leaves", () => {
  it(
    "is waited for 10 s if there is something to keep",
    noteTimers(async () => {
      const { session, reply, events } = await signIn();
      reply.response.emit("close");
      assert.deepEqual(waiting(), []);
      session.set("n", 1);
      reply.response.emit("close");
      await turns();
      assert.equal(waiting().length, 1);
      assert.deepEqual(typesOf(events), []);
      runTimers();
      await turns();
      assert.deepEqual(typesOf(events), ["uncommitted"]);
    }),
  );

  it(
    "is waited for no more once it was answered",
    noteTimers(async () => {
      const { session, exchange, reply } = await signIn();
      session.set("n", 1);
      assert.equal(await exchange.send("answered"), "answered");
      reply.response.emit("close");
      await turns();
      assert.deepEqual(waiting(), []);
    }),
  );
});

describe("a route of Fastify that has failed", () => {
  it("says so, though its session could not be ended", async () => {
    const { session, exchange, reply, store } = await signIn();
    session.destroy();
    store.isDown = true;
    exchange.handleError();
    reply.code(404);
    assert.equal(await exchange.send("missing"), "missing");
    assert.equal(reply.statusCode, 404);
  });
});
