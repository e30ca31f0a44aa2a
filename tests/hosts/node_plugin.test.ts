import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { describe, it } from "node:test";
import type { Session } from "../../mod.ts";
import { beginReply, type ReplyExchange } from "../../src/node/plugin.ts";
import type { FastifyReply } from "../../src/node/reply.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { resolveOptions } from "../../src/options/resolve.ts";
import { type MoreOptions, setUp, START, typesOf } from "../shared/support.ts";
import { slowStore } from "./_express.ts";
import { type FakeResponse, fakeResponse } from "./_fake_response.ts";
import { readOn } from "../../src/options/check.ts";

// What the plugin of Fastify does where no client can see it.

/** A reply whose fields are those of its response. */
function replyOf(fake: FakeResponse): FastifyReply {
  return {
    raw: fake as never,
    get statusCode() {
      return fake.statusCode;
    },
    code: (status) => void (fake.statusCode = status),
    getHeaders: () => fake.getHeaders(),
    getHeader: (name) => fake.getHeader(name),
    header: (name, value) => fake.setHeader(name, value),
    removeHeader: (name) => fake.removeHeader(name),
  };
}

function make(more: MoreOptions = {}) {
  const { fake } = fakeResponse();
  const { req } = fake;
  Object.assign(req, { url: "/", method: "GET" });
  Object.assign(req.headers, { host: "localhost" });
  const { options, events } = setUp(more);
  const settings = resolveOptions(options);
  const reply = replyOf(fake);
  const begin = () => beginReply(settings, { raw: req }, reply);
  const exchange = begin() as ReplyExchange;
  const open = async () => await exchange.open() as unknown as Session;
  return { fake, reply, begin, exchange, events, open };
}

/** Whether a promise is settled by now. */
async function isSettled(promise: unknown): Promise<boolean> {
  let settled = false;
  const note = () => settled = true;
  (promise as Promise<unknown>).then(note, note);
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
  return settled;
}

const NO_STORE = "no-store";

describe("a reply whose session nobody has asked for", () => {
  it("is sent as it is, and its session is over", () => {
    const { exchange, fake } = make();
    const payload = new Response("x", { headers: { "x-a": "1" } });
    assert.equal(exchange.isOpen, true);
    assert.equal(exchange.send(payload), payload);
    assert.equal(exchange.isOpen, false);
    assert.deepEqual(fake.getHeaders(), {});
    assert.deepEqual(fake.eventNames(), []);
  });

  it("is not checked, which Fastify does", async () => {
    const { exchange, fake, open } = make();
    await open();
    fake.setHeader("x-a", "a\nb");
    assert.equal(exchange.send("x"), "x");
  });
});

describe("a reply whose session was used", () => {
  it("is sent with what is left of a Response", async () => {
    const { exchange, fake, open } = make();
    (await open()).set("n", 1);
    const payload = new Response("x", { status: 201 });
    assert.equal(await exchange.send(payload), payload.body);
    assert.equal(fake.statusCode, 201);
    assert.equal(fake.getHeader("cache-control"), NO_STORE);
  });

  it("is refused before the session is kept, if Node would refuse it", async () => {
    const { exchange, fake, open, events } = make();
    (await open()).set("n", 1);
    fake.setHeader("x-a", "a\nb");
    await assert.rejects(exchange.send("x") as Promise<unknown>, {
      code: "ERR_INVALID_CHAR",
    });
    assert.equal(fake.getHeader("x-a"), undefined);
    assert.equal(typesOf(events).includes("created"), false);
    // Fastify asks again for the answer to that.
    assert.equal(await exchange.send("y"), "y");
    assert.equal(fake.getHeader("cache-control"), NO_STORE);
  });

  it("is not checked if nothing is kept", async () => {
    const { exchange, fake, open } = make();
    (await open()).set("n", 1);
    exchange.handleError();
    fake.setHeader("x-a", "a\nb");
    assert.equal(await exchange.send("x"), "x");
    assert.equal(fake.getHeader("set-cookie"), undefined);
  });

  it("is marked once more just before its head leaves, once", async () => {
    const { exchange, fake, open } = make();
    (await open()).set("n", 1);
    const { writeHead } = fake;
    await exchange.send("x");
    const ours = fake.writeHead;
    assert.notEqual(ours, writeHead);
    // It is said again for an answer to an error.
    await exchange.send("y");
    assert.equal(fake.writeHead, ours);
    const lines = fake.getHeader("set-cookie");
    fake.setHeader("cache-control", "public");
    fake.writeHead(200);
    assert.equal(fake.getHeader("cache-control"), NO_STORE);
    assert.deepEqual(fake.getHeader("set-cookie"), lines);
    assert.equal(fake.writeHead, writeHead);
    // Node has refused that head.
    fake.headersSent = false;
    await exchange.send("z");
    assert.notEqual(fake.writeHead, writeHead);
  });

  it("is the last one of those that have waited", async () => {
    const { exchange, open } = make({ store: slowStore({ ms: 5 }) });
    (await open()).set("n", 1);
    const stream = new Readable({ read() {} });
    const all = [stream, "second", "third"].map((each) => exchange.send(each));
    assert.equal(await all[2], "third");
    assert.equal(stream.destroyed, true);
    assert.equal(await isSettled(all[0]), false);
    assert.equal(await isSettled(all[1]), false);
  });

  it("fails for the last one alone, if it cannot be kept", async () => {
    const { exchange, open } = make({ store: slowStore({ isDown: true }) });
    const session = await open();
    session.set("n", 1);
    const all = [0, 1].map(() => {
      const stream = new Readable({ read() {} });
      return { stream, sent: exchange.send(stream) as Promise<unknown> };
    });
    await assert.rejects(all[1]?.sent as Promise<unknown>, {
      code: "store-failed",
    });
    assert.deepEqual(all.map(({ stream }) => stream.destroyed), [true, true]);
    assert.equal(await isSettled(all[0]?.sent), false);
    // The answer to that says that it may show the session.
    assert.equal(await exchange.send("sorry"), "sorry");
    assert.throws(() => session.set("n", 2), { code: "late-write" });
  });

  it("fails later, as Fastify waits for that, also if it fails at once", async () => {
    const { exchange, reply, open } = make();
    (await open()).set("n", 1);
    const broken = new Error("broken");
    Object.defineProperty(reply, "statusCode", {
      get() {
        throw broken;
      },
    });
    const sent = exchange.send("x") as Promise<unknown>;
    await assert.rejects(sent, (error) => error === broken);
  });

  it("has its session for whoever asks once more", async () => {
    const { exchange, begin, open } = make();
    const session = await open();
    session.set("n", 1);
    await exchange.send("x");
    const again = await begin().open();
    assert.equal(again as unknown, session);
  });

  it("does not end the process if its stream breaks meanwhile", async () => {
    const { exchange, open } = make({ store: slowStore({ ms: 5 }) });
    (await open()).set("n", 1);
    const stream = new Readable({ read() {} });
    const sent = exchange.send(stream);
    stream.destroy(new Error("broken"));
    // Fastify listens from here on.
    assert.equal(await sent, stream);
  });
});

describe("a route of Fastify that fails", () => {
  const wrote = { code: "late-write" };

  it("has nothing kept, before its session is opened and after", async () => {
    for (const isOpened of [false, true]) {
      const { exchange, fake, open } = make();
      if (isOpened) (await open()).set("n", 1);
      exchange.handleError();
      const session = await open();
      assert.throws(() => session.set("n", 2), wrote);
      await exchange.send("sorry");
      assert.equal(fake.getHeader("set-cookie"), undefined);
    }
  });

  it("lets its answer read, once a reply without the session was to leave", async () => {
    const { exchange, open } = make();
    exchange.send("never sent");
    exchange.handleError();
    const session = await open();
    assert.equal(session.get("n"), undefined);
    assert.throws(() => session.set("n", 1), wrote);
  });

  it("changes nothing of what is being kept, or has left", async () => {
    const { exchange, fake, open } = make({ store: slowStore({ ms: 5 }) });
    const session = await open();
    session.set("n", 1);
    const sent = exchange.send("x");
    exchange.handleError();
    assert.equal(await sent, "x");
    assert.ok(fake.getHeader("set-cookie"));
    fake.headersSent = true;
    exchange.handleError();
    // A body may save what comes later.
    session.set("n", 2);
    await session.save();
  });

  it("lets nothing be written by its answer, once the session was kept", async () => {
    const { exchange, open } = make({ store: slowStore() });
    const session = await open();
    session.set("n", 1);
    await exchange.send("x");
    exchange.handleError();
    assert.equal(exchange.isOpen, false);
    assert.throws(() => session.set("n", 2), {
      ...wrote,
      message: "Cannot write: its request has failed" + readOn("late-write"),
    });
  });
});

describe("a client of Fastify", () => {
  it("is listened for once, however often a session is saved", async () => {
    const { fake, open } = make({ store: new MemoryStore() });
    const session = await open();
    assert.equal(fake.listenerCount("close"), 0);
    for (let n = 0; n < 2; n++) {
      session.set("n", n);
      await session.save();
    }
    assert.equal(fake.listenerCount("close"), 1);
  });

  const turn = async () => {
    for (let i = 0; i < 20; i++) await new Promise(setImmediate);
  };
  for (const hasLeft of [true, false]) {
    it(`is signed out at once if it has left before: ${hasLeft}`, async () => {
      const { fake, open, events } = make({
        store: new MemoryStore({ now: () => START }),
      });
      Object.assign(fake, { destroyed: hasLeft });
      const session = await open();
      session.login("ada");
      await session.save();
      assert.equal(session.isNew, true);
      session.destroy();
      await turn();
      assert.equal(typesOf(events).includes("destroyed"), hasLeft);
    });
  }
});
