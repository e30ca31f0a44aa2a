import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { describe, it } from "node:test";
import type { Keeper } from "../../src/node/hold.ts";
import { beginExchange, type Next } from "../../src/node/middleware.ts";
import { resolveOptions } from "../../src/options/resolve.ts";
import { setUp } from "../shared/support.ts";
import { type FakeResponse, fakeResponse } from "./_fake_response.ts";

// What a middleware does where no client can see it.

/** A request whose session was opened, and can be held or fail. */
async function begin(next: (fake: FakeResponse, error: unknown) => unknown) {
  const { fake, res } = fakeResponse();
  const { req } = fake;
  Object.assign(req, { url: "/", method: "GET" });
  const ask = (error?: unknown) => next(fake, error);
  const exchange = beginExchange(
    resolveOptions(setUp().options),
    req as IncomingMessage,
    res,
    ask as Next,
  );
  await exchange?.open();
  return { fake, exchange: exchange as unknown as Keeper };
}

const down = new Error("down");

describe("a session that cannot be kept", () => {
  it("is answered by whoever the request was handed to", async () => {
    const asked: unknown[] = [];
    const { exchange } = await begin((_fake, error) => asked.push(error));
    await exchange.fail(down, () => assert.fail("nobody else"), false);
    assert.deepEqual(asked, [down]);
  });

  it("is answered plainly if those fail themselves", async () => {
    const { exchange } = await begin(() => {
      throw new Error("later");
    });
    let times = 0;
    await exchange.fail(down, () => times++, false);
    assert.equal(times, 1);
  });

  it("is answered plainly at last, and nobody is asked", async () => {
    const { exchange } = await begin(() => assert.fail("nobody else"));
    let times = 0;
    await exchange.fail(down, () => times++, true);
    assert.equal(times, 1);
  });

  it("is no answer to what those throw who have answered", async () => {
    const later = new Error("later");
    const { exchange } = await begin((fake) => {
      fake.headersSent = true;
      throw later;
    });
    let times = 0;
    const failed = exchange.fail(down, () => times++, false) as Promise<void>;
    await assert.rejects(failed, (error) => error === later);
    assert.equal(times, 0);
  });
});

it("a session is that of whoever asks once it was kept", async () => {
  const { fake, res } = fakeResponse();
  Object.assign(fake.req, { url: "/", method: "GET" });
  const settings = resolveOptions(setUp().options);
  const begin = () => beginExchange(settings, fake.req, res, () => {});
  const session = await begin()?.open();
  res.end("sent");
  assert.deepEqual(fake.calls.at(-1), ["end", "sent"]);
  assert.equal(await begin()?.open(), session);
});

it("a response whose head has left is left as it is", () => {
  const { fake, res } = fakeResponse();
  Object.assign(fake.req, { url: "/", method: "GET" });
  fake.headersSent = true;
  const own = Object.getOwnPropertyNames(fake);
  const settings = resolveOptions(setUp().options);
  beginExchange(settings, fake.req, res, () => {});
  assert.deepEqual(Object.getOwnPropertyNames(fake), own);
  assert.deepEqual(fake.eventNames(), []);
});
