import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { beforeHead } from "../../src/node/last_word.ts";
import { type FakeResponse, fakeResponse } from "./_fake_response.ts";

// What is done just before a head leaves. What Fastify sends then stands in
// fastify_last_word.test.ts.

/** A response whose mark is written down among its calls. */
function marked(): FakeResponse {
  const { fake, res } = fakeResponse();
  beforeHead(res, () => {
    fake.calls.push(["mark", fake.statusCode, fake.getHeaders()]);
  });
  return fake;
}

describe("the last word on a head", () => {
  it("is said once, of what the head was given", () => {
    const fake = marked();
    const { writeHead } = fakeResponse().fake;
    assert.equal(fake.writeHead(201, { "x-a": "1" }), fake);
    assert.deepEqual(fake.calls, [
      ["mark", 201, { "x-a": "1" }],
      ["writeHead", 201],
    ]);
    assert.equal(fake.writeHead, writeHead);
  });

  it("leaves alone what others have built on it", () => {
    const fake = marked();
    const { writeHead } = fake;
    const theirs = (...args: unknown[]) => writeHead.apply(fake, args);
    fake.writeHead = theirs as never;
    fake.end("a");
    assert.deepEqual(fake.calls, [
      ["mark", 200, {}],
      ["writeHead", 200],
      ["end", "a"],
    ]);
    assert.equal(fake.writeHead, theirs);
  });

  it("is not said once the head has left", () => {
    const fake = marked();
    // Who has taken the method before we have sends it.
    fake.headersSent = true;
    fake.writeHead(201, "Made", { "x-a": "1" });
    assert.deepEqual(fake.calls, [["writeHead", 201, "Made", { "x-a": "1" }]]);
    assert.equal(fake.statusCode, 200);
    assert.deepEqual(fake.getHeaders(), {});
  });
});
