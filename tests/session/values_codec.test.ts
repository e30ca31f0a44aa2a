import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as devalue from "devalue";
import { type Codec, createSessions, withSession } from "../../mod.ts";
import { begin } from "../shared/session.ts";
import {
  assertNoCookie,
  lineOf,
  requestWith,
  setUp,
  tokenOf,
} from "../shared/support.ts";

const codec: Codec = { stringify: devalue.stringify, parse: devalue.parse };

describe("A codec of one's own", () => {
  it("keeps rich values that JSON refuses", async () => {
    const { session, again } = begin({ codec });
    const values = {
      date: new Date(0),
      map: new Map([["a", new Set([1n])]]),
      url: new URL("https://example.com/a?b#c"),
      bytes: new Uint8Array([1, 2, 255]),
      odd: [undefined, NaN, -0, Infinity],
      plain: { a: [1, "b", null] },
    };
    for (const [key, value] of Object.entries(values)) session.set(key, value);
    for (const each of [session, await again()]) {
      assert.deepEqual(each.get("date"), values.date);
      assert.deepEqual(each.get("map"), values.map);
      assert.equal(String(each.get("url")), String(values.url));
      assert.deepEqual([...each.get("bytes")], [...values.bytes]);
      assert.deepEqual(each.get("odd"), values.odd);
      assert.deepEqual(each.get("plain"), values.plain);
      assert.throws(() => each.get("plain").a.push(2), TypeError);
    }
  });

  it("has copies kept as well: a later change changes nothing", async () => {
    const { session, again } = begin({ codec });
    const map = new Map([["a", 1]]);
    session.set("map", map);
    map.set("b", 2);
    assert.deepEqual(session.get("map"), new Map([["a", 1]]));
    assert.deepEqual((await again()).get("map"), new Map([["a", 1]]));
  });

  it("does not lose a Map that was changed and set again", async () => {
    const { options } = setUp({ codec });
    const handle = withSession((_request, session) => {
      const map: Map<string, number> = session.get("map") ?? new Map();
      map.set("n", (map.get("n") ?? 0) + 1);
      session.set("map", map);
      return Response.json(map.get("n"));
    }, options);
    const url = "https://example.com/";
    const first = await handle(new Request(url));
    const second = await handle(
      requestWith(`__Host-sid=${tokenOf(first)}`, url),
    );
    assert.equal(await second.json(), 2);
    const third = await handle(
      requestWith(`__Host-sid=${tokenOf(second)}`, url),
    );
    assert.equal(await third.json(), 3);
  });

  it("gives copies of what cannot be frozen, whichever way it is read", async () => {
    const { session, again } = begin({ codec });
    session.set("map", new Map([["a", 1]]));
    session.flash("note", new Map([["a", 1]]));
    session.get("map").set("b", 2);
    session.toJSON()["map"].set("c", 3);
    session.update("other", () => session.get("map").size);
    for (const each of [session, await again()]) {
      assert.deepEqual(each.get("map"), new Map([["a", 1]]));
      assert.deepEqual([...each.flashes("note")], [new Map([["a", 1]])]);
      assert.equal(each.get("other"), 1);
    }
  });

  it("is asked whatever its text looks like to JSON", async () => {
    const { session, again } = begin({ codec });
    session.set("a", "__proto__ \\u0041");
    session.set("map", new Map([["__proto__", 1]]));
    const opened = await again();
    assert.equal(opened.get("a"), "__proto__ \\u0041");
    assert.deepEqual(opened.get("map"), new Map([["__proto__", 1]]));
  });

  it("is not asked for a text of nothing where an object goes away", async () => {
    const strict: Codec = {
      ...codec,
      stringify(value) {
        assert.notEqual(value, undefined);
        return codec.stringify(value);
      },
    };
    const { session, again } = begin({ codec: strict });
    session.set("map", new Map([["a", 1]]));
    const opened = await again();
    opened.delete("map");
    assert.equal(opened.has("map"), false);
    opened.set("map", new Map());
    assert.equal(opened.has("map"), true);
  });

  it("refuses what its library refuses, with the cause", () => {
    const { session } = begin({ codec });
    const value = { run: () => 1 };
    assert.throws(() => session.set("key", value), (error: unknown) => {
      const { name, code, message, cause } = error as Error & { code: string };
      return name === "SessionError" && code === "invalid-data" &&
        message.includes("key") && cause instanceof Error;
    });
    assert.equal(session.has("key"), false);
  });

  it("quotes no text of its library's error", () => {
    const failing = {
      ...codec,
      stringify(value: unknown): string {
        throw Object.assign(new TypeError(`Cannot take ${value}`), { value });
      },
    };
    const { session } = begin({ codec: failing });
    assert.throws(() => session.set("key", "hunter2"), (error: Error) => {
      const cause = error.cause as Error;
      assert.equal(`${cause}`, "TypeError");
      return !`${cause.stack} ${JSON.stringify(cause)}`.includes("hunter2");
    });
  });

  it("tells by its text whether a value has changed", async () => {
    const { options } = setUp({ codec });
    const handle = withSession((request, session) => {
      session.set("when", new Date(request.url.endsWith("?later") ? 1 : 0));
      return new Response();
    }, options);
    const url = "https://example.com/";
    const first = await handle(new Request(url));
    const cookie = `__Host-sid=${tokenOf(first)}`;
    assertNoCookie(await handle(requestWith(cookie, url)));
    lineOf(await handle(requestWith(cookie, `${url}?later`)));
  });

  it("keeps owner, notices and persist() beside the values", async () => {
    const { session, again } = begin({ codec });
    session.login("ada");
    session.flash("when", new Date(5));
    session.persist(60);
    const next = await again();
    assert.equal(next.userId, "ada");
    assert.deepEqual([...next.flashes("when")], [new Date(5)]);
    assert.equal(next.expiresAt - next.createdAt, 60_000);
    assert.deepEqual(next.toJSON(), {});
  });

  it("that cannot read what another one wrote brings a new session", async () => {
    const { options, events } = setUp();
    const plain = createSessions(options);
    const rich = createSessions({ ...options, codec });
    const pairs = [[plain, rich], [rich, plain]] as const;
    for (const [writer, reader] of pairs) {
      const session = writer.create();
      session.set("a", 1);
      const token = await writer.seal(session);
      events.splice(0);
      assert.equal(await reader.unseal(token), null);
      const [event] = events;
      assert.ok(event?.type === "rejected" && event.reason === "not-json");
    }
  });
});
