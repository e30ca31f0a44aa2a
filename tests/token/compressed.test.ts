import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSessions, type SessionEvent } from "../../mod.ts";
import { compress, decompress } from "../../src/token/compressed.ts";
import { REFERENCE } from "../../src/token/content.ts";
import { HEADER } from "../../src/token/format.ts";
import type { Bytes } from "../shared/format.ts";
import { setUp } from "../shared/support.ts";

const TEXT = JSON.stringify({ list: Array.from({ length: 200 }, () => "tea") });

async function packed(text: string): Promise<Bytes> {
  const body = await compress(text);
  assert.ok(body, "It does not get shorter");
  return body;
}

describe("compress()", () => {
  it("makes a shorter text of a long one, and decompress() that again", async () => {
    for (const text of [TEXT, "č".repeat(500), "\ufeff" + " ".repeat(900)]) {
      const body = await packed(text);
      assert.ok(body.length < text.length / 2);
      const [flags = 0] = body;
      assert.equal(flags, 1);
      assert.equal(await decompress(flags, body.subarray(HEADER)), text);
    }
  });

  it("leaves room for the head, and rounds lengths up to 32 bytes", async () => {
    const sizes = new Set<number>();
    for (let n = 0; n < 40; n++) {
      const text = TEXT + Array.from({ length: n }, (_, i) => i).join("");
      const body = await packed(text);
      assert.ok(body.subarray(1, HEADER).every((byte) => byte === 0));
      sizes.add((body.length - HEADER) % 32);
      assert.ok(body.at(-1) === 0 || sizes.size === 1);
    }
    assert.deepEqual([...sizes], [0]);
  });

  it("leaves what would not be shorter as it is", async () => {
    const letters = "abcdefghijklmnopqrstuvwxyz";
    // The last one is about 41 bytes then, and so 64 again.
    const same = `${letters}0123456789`.padEnd(64);
    for (const text of ["", "{}", letters, same]) {
      assert.equal(await compress(text), undefined, text);
    }
  });

  it("takes 64 KiB, and not a byte more", async () => {
    const most = "a".repeat(65_536);
    const body = await packed(most);
    assert.equal(await decompress(1, body.subarray(HEADER)), most);
    assert.equal(await compress("a".repeat(65_537)), undefined);
    assert.equal(await compress("č".repeat(32_769)), undefined);
  });
});

describe("decompress()", () => {
  it("refuses flags that it does not know", async () => {
    const body = await packed(TEXT);
    for (const flags of [3, 4, 128, 255]) {
      const unknown = decompress(flags, body.subarray(HEADER));
      await assert.rejects(unknown, /Unknown flags/);
    }
  });

  it("gives a reference as it is", async () => {
    const text = '{"g":1}';
    const data = new TextEncoder().encode(text);
    assert.equal(await decompress(REFERENCE, data), text);
    await assert.rejects(decompress(REFERENCE, Uint8Array.of(255)));
  });

  it("refuses what is cut, what is longer, and what is none", async () => {
    const data = (await packed(TEXT)).slice(HEADER);
    const longer = new Uint8Array(data.length + 32);
    longer.set(data);
    await assert.rejects(decompress(1, longer));
    for (const length of [0, 1, 2, 3, 10, 31, data.length - 1]) {
      await assert.rejects(decompress(1, data.slice(0, length)), `${length}`);
    }
    await assert.rejects(decompress(1, new Uint8Array(64).fill(0xff)));
    const json = new TextEncoder().encode('{"a":1,"b":[1,2,3],"c":"abcdefg"}');
    await assert.rejects(decompress(1, json));
    await assert.rejects(decompress(1, json.slice(0, 32)));
  });

  it("refuses a length that is not the one which fills its bytes", async () => {
    let data = new Uint8Array();
    const lengthOf = () => new DataView(data.buffer).getUint16(0);
    // One that needs no bytes to be filled up.
    for (let n = 0; !data.length || lengthOf() + 2 < data.length; n++) {
      assert.ok(n < 1_000);
      const text = TEXT + Array.from({ length: n }, (_, i) => i * i).join("");
      data = (await packed(text)).slice(HEADER);
    }
    assert.equal(typeof await decompress(1, data), "string");
    const wrong = { message: "Not compressed as here" };
    const longer = new Uint8Array(data.length + 32);
    longer.set(data);
    await assert.rejects(decompress(1, longer), wrong);
    new DataView(data.buffer).setUint16(0, lengthOf() + 1);
    await assert.rejects(decompress(1, data), wrong);
  });

  it("stops beyond 64 KiB", async () => {
    const bomb = new Response(new Uint8Array(10_000_000)).body
      ?.pipeThrough(new CompressionStream("deflate-raw"));
    const bytes = new Uint8Array(await new Response(bomb).arrayBuffer());
    assert.ok(bytes.length < 65_000);
    const data = new Uint8Array(Math.ceil((2 + bytes.length) / 32) * 32);
    new DataView(data.buffer).setUint16(0, bytes.length);
    data.set(bytes, 2);
    await assert.rejects(decompress(1, data), /^RangeError: Too long/);
  });

  it("unpacks no more at once than a piece makes", async () => {
    const made = new Response(new Uint8Array(60_000_000)).body
      ?.pipeThrough(new CompressionStream("deflate-raw"));
    const bytes = new Uint8Array(await new Response(made).arrayBuffer());
    const data = new Uint8Array(Math.ceil((2 + bytes.length) / 32) * 32);
    new DataView(data.buffer).setUint16(0, bytes.length);
    data.set(bytes, 2);
    const { DecompressionStream: Usual } = globalThis;
    let longest = 0;
    let cancelled = 0;
    // Not a subclass, whose streams a runtime may read past it.
    function Watched(format: "deflate-raw") {
      const { readable, writable } = new Usual(format);
      const read = readable.getReader.bind(readable);
      return {
        writable,
        readable: {
          getReader() {
            const reader = read();
            return {
              cancel() {
                cancelled++;
                return reader.cancel();
              },
              async read() {
                const next = await reader.read();
                longest = Math.max(longest, next.value?.length ?? 0);
                return next;
              },
            };
          },
        },
      };
    }
    globalThis.DecompressionStream = Watched as never;
    try {
      await assert.rejects(decompress(1, data), /^RangeError: Too long/);
    } finally {
      globalThis.DecompressionStream = Usual;
    }
    assert.ok(longest > 0 && longest < 5_000_000, `${longest}`);
    // Else the runtime would keep what nobody reads.
    assert.equal(cancelled, 1);
  });

  it("refuses what is no UTF-8", async () => {
    const stream = new Response(new Uint8Array(64).fill(0xff)).body
      ?.pipeThrough(new CompressionStream("deflate-raw"));
    const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
    const data = new Uint8Array(Math.ceil((2 + bytes.length) / 32) * 32);
    new DataView(data.buffer).setUint16(0, bytes.length);
    data.set(bytes, 2);
    await assert.rejects(decompress(1, data), TypeError);
  });
});

describe("The option compress", () => {
  const list = Array.from({ length: 800 }, (_, i) => ["tea", "milk"][i % 2]);

  it("keeps in one cookie what would need several", async () => {
    const { options } = setUp({ compress: true });
    const sessions = createSessions<{ list?: unknown }>(options);
    const session = sessions.create();
    session.set("list", list);
    const token = await sessions.seal(session);
    assert.ok(token.length < 300, `${token.length}`);
    assert.deepEqual((await sessions.unseal(token))?.get("list"), list);
  });

  it("can be set and left out again while sessions live", async () => {
    const { options } = setUp();
    const plain = createSessions<{ list?: unknown }>(options);
    const packing = createSessions<{ list?: unknown }>({
      ...options,
      compress: true,
    });
    for (const [from, to] of [[plain, packing], [packing, plain]] as const) {
      const session = from.create();
      session.set("list", list.slice(0, 100));
      const token = await from.seal(session);
      const again = await to.unseal(token);
      assert.deepEqual(again?.get("list"), list.slice(0, 100));
    }
  });

  it("refuses a session of more than 64 KiB as too large", async () => {
    const { options, events } = setUp({ compress: true });
    const sessions = createSessions(options);
    const session = sessions.create();
    session.set("text", " ".repeat(70_000));
    await assert.rejects(sessions.seal(session), { code: "oversize" });
    assert.deepEqual(events.map(({ type }: SessionEvent) => type), [
      "oversize",
    ]);
  });
});
