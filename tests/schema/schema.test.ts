import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as v from "valibot";
import {
  createSessions,
  type SessionOptions,
  type StandardSchema,
  withSession,
} from "../../mod.ts";
import { readOn } from "../../src/options/check.ts";
import { differences, stillTrue } from "../../src/schema/fit_schema.ts";
import { requestWith, setUp, tokenOf, typesOf } from "../shared/support.ts";

const url = "https://example.com/";

/** The data of the program as it is today: names are lists. */
interface Data {
  names?: string[] | undefined;
}

function schema(): StandardSchema<Data> {
  return v.object({ names: v.optional(v.array(v.string())) });
}

/** Sealed by the program of yesterday. */
async function sealOld(
  options: SessionOptions,
  data: Record<string, unknown>,
): Promise<string> {
  const sessions = createSessions({ ...options });
  const session = sessions.create();
  session.login("ada");
  session.flash("note", "hello");
  for (const [key, value] of Object.entries(data)) session.set(key, value);
  return await sessions.seal(session);
}

describe("A schema", () => {
  it("lets data pass that fits", async () => {
    const { options, events } = setUp();
    const sessions = createSessions<Data>({ ...options, schema: schema() });
    const session = sessions.create();
    session.set("names", ["ada"]);
    session.login("ada");
    const next = await sessions.unseal(await sessions.seal(session));
    assert.deepEqual(next?.get("names"), ["ada"]);
    assert.equal(next?.userId, "ada");
    assert.deepEqual(typesOf(events), ["created", "opened"]);
  });

  it("refuses data when it is sealed, and names the path alone", async () => {
    const { options } = setUp();
    const sessions = createSessions<Data>({ ...options, schema: schema() });
    const session = sessions.create();
    session.set("names", ["ada", 7 as unknown as string, "swordfish"]);
    await assert.rejects(sessions.seal(session), (error: unknown) => {
      const { code, message } = error as Error & { code: string };
      return code === "invalid-data" && message.includes("names.1") &&
        !message.includes("swordfish") && !message.includes("7");
    });
  });

  it("says of what it refuses whether it is missing", async () => {
    const { options } = setUp();
    const schema = v.object({
      cart: v.object({ items: v.array(v.string()) }),
      name: v.string(),
    });
    const sessions = createSessions({ ...options, schema });
    const session = sessions.create();
    session.login("ada");
    await assert.rejects(sessions.seal(session), {
      code: "invalid-data",
      message: "Schema refuses cart (missing),name (missing)" +
        readOn("invalid-data"),
    });
    session.set("cart", {} as never);
    session.set("name", 5 as never);
    await assert.rejects(sessions.seal(session), {
      code: "invalid-data",
      message: "Schema refuses cart.items (missing),name" +
        readOn("invalid-data"),
    });
  });

  it("is not asked by reload() in a cookie, where nothing is newer", async () => {
    const { options } = setUp();
    let asked = 0;
    const counting: StandardSchema<Data> = {
      "~standard": {
        ...schema()["~standard"],
        validate(value) {
          asked++;
          return schema()["~standard"].validate(value);
        },
      },
    };
    const sessions = createSessions<Data>({ ...options, schema: counting });
    const made = sessions.create();
    made.set("names", ["ada"]);
    const session = await sessions.unseal(await sessions.seal(made));
    assert.ok(session);
    const before = asked;
    session.set("names", ["ada", "eve"]);
    await session.reload();
    assert.deepEqual(session.get("names"), ["ada", "eve"]);
    assert.equal(asked, before);
  });

  it("refuses data in save(), in time to undo it", async () => {
    const { options } = setUp();
    const handle = withSession<Data>(async (_request, session) => {
      session.set("names", "ada" as unknown as string[]);
      try {
        await session.save();
      } catch (error) {
        session.set("names", ["ada"]);
        return Response.json((error as { code: string }).code);
      }
      return new Response();
    }, { ...options, schema: schema() });
    const response = await handle(new Request(url));
    assert.equal(await response.json(), "invalid-data");
    assert.notEqual(tokenOf(response), "");
  });

  it("brings a new session and an event for data that no longer fits", async () => {
    const { options, events } = setUp();
    const token = await sealOld(options, { names: "ada" });
    events.splice(0);
    const handle = withSession<Data>(
      (_request, session) =>
        Response.json([session.isNew, session.toJSON(), session.userId]),
      { ...options, schema: schema() },
    );
    const response = await handle(requestWith(`__Host-sid=${token}`));
    assert.deepEqual(await response.json(), [true, {}, null]);
    const [event, ...more] = events;
    assert.ok(event?.type === "rejected" && event.reason === "schema");
    assert.deepEqual(more, []);
  });

  it("gives old data to migrate, and keeps owner, notices and times", async () => {
    const { options, events, clock } = setUp();
    const token = await sealOld(options, { names: "ada bob" });
    events.splice(0);
    clock.advance(60);
    const seen: unknown[] = [];
    const sessions = createSessions<Data>({
      ...options,
      schema: schema(),
      migrate(old) {
        seen.push(old);
        return { names: (old as { names: string }).names.split(" ") };
      },
    });
    const session = await sessions.unseal(token);
    assert.deepEqual(session?.toJSON(), { names: ["ada", "bob"] });
    assert.equal(session?.userId, "ada");
    assert.deepEqual([...session?.flashes("note") ?? []], ["hello"]);
    assert.equal((session?.expiresAt ?? 0) - clock.now, 86_340_000);
    assert.deepEqual(seen, [{ names: "ada bob" }]);
    assert.deepEqual(typesOf(events), ["opened"]);
  });

  it("keeps what migrate makes with the next change, in place of the old data", async () => {
    const { options } = setUp();
    const token = await sealOld(options, { names: "ada bob", old: 1 });
    const sessions = createSessions<Data & { n?: number; none?: unknown }>({
      ...options,
      schema: v.looseObject({ names: v.array(v.string()) }),
      migrate: () => ({ names: ["ada", "bob"], none: undefined }),
    });
    const session = await sessions.unseal(token);
    session?.set("n", 1);
    const kept = await sessions.seal(session as NonNullable<typeof session>);
    const plain = await createSessions(options).unseal(kept);
    assert.deepEqual(plain?.toJSON(), { names: ["ada", "bob"], n: 1 });
  });

  it("says what is wrong with the data as a whole", async () => {
    const { options } = setUp();
    const answers: [() => unknown, string][] = [
      [() => ({ value: ["ada"] }), "Schema refuses the data as a whole"],
      [
        () => ({ issues: [{ message: "No" }] }),
        "Schema refuses the data as a whole",
      ],
      [() => {
        throw new RangeError("swordfish");
      }, "Schema threw RangeError"],
    ];
    for (const [validate, message] of answers) {
      const schema = {
        "~standard": { version: 1, vendor: "tests", validate },
      } as StandardSchema<Data>;
      const sessions = createSessions<Data>({ ...options, schema });
      const session = sessions.create();
      session.set("names", []);
      await assert.rejects(sessions.seal(session), {
        code: "invalid-data",
        message: message + readOn("invalid-data"),
      });
    }
  });

  it("does not ask migrate about data that fits", async () => {
    const { options } = setUp();
    const token = await sealOld(options, { names: ["ada"] });
    const sessions = createSessions<Data>({
      ...options,
      schema: schema(),
      migrate: () => assert.fail("It fits"),
    });
    assert.deepEqual((await sessions.unseal(token))?.get("names"), ["ada"]);
  });

  it("brings a new session if migrate throws or its data does not fit", async () => {
    const { options, events } = setUp();
    const token = await sealOld(options, { names: 7 });
    const failures: ((old: unknown) => unknown)[] = [
      () => {
        throw new Error("swordfish");
      },
      () => Promise.reject(new Error("swordfish")),
      () => ({ names: 8 }),
      () => undefined,
      () => ["ada"],
    ];
    for (const migrate of failures) {
      events.splice(0);
      const sessions = createSessions<Data>({
        ...options,
        schema: schema(),
        migrate,
      });
      assert.equal(await sessions.unseal(token), null);
      const [event] = events;
      assert.ok(event?.type === "rejected" && event.reason === "schema");
      assert.equal(JSON.stringify(events).includes("swordfish"), false);
    }
  });

  it("may be asynchronous, change values and drop keys that it does not know", async () => {
    const { options } = setUp();
    const token = await sealOld(options, { names: " ada ", old: true });
    const asynchronous = v.objectAsync({
      names: v.pipeAsync(
        v.string(),
        v.transformAsync((text) => Promise.resolve(text.trim())),
      ),
      kind: v.optional(v.string(), "user"),
    });
    const sessions = createSessions({
      ...options,
      schema: asynchronous as StandardSchema<Record<string, string>>,
    });
    const session = await sessions.unseal(token);
    assert.deepEqual(session?.toJSON(), { names: "ada", kind: "user" });
    assert.equal(session?.userId, "ada");
  });

  it("may be asynchronous: what ended meanwhile is not brought back", async () => {
    const { options } = setUp();
    let meanwhile: (() => unknown) | undefined;
    const slow: StandardSchema<Data> = {
      "~standard": {
        version: 1,
        vendor: "test",
        async validate(value) {
          const act = meanwhile;
          meanwhile = undefined;
          await act?.();
          return { value: value as Data };
        },
      },
    };
    const handle = withSession((request, session) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/in") session.login("ada");
      if (pathname === "/out") session.destroy();
      if (pathname === "/write") {
        session.set("names", ["Ada"]);
        meanwhile = () => visit("out");
      }
      return new Response();
    }, { ...options, schema: slow });
    const cookie = `__Host-sid=${
      tokenOf(await handle(new Request(`${url}in`)))
    }`;
    const visit = (path: string) => handle(requestWith(cookie, url + path));
    await assert.rejects(visit("write"), { code: "gone" });
  });

  it("is not asked about owner, notices and other values of the session", async () => {
    const { options } = setUp();
    const sessions = createSessions({
      ...options,
      schema: v.strictObject({ names: v.array(v.string()) }),
    });
    const session = sessions.create();
    session.set("names", []);
    session.login("ada");
    session.flash("note", "hello");
    session.persist(60);
    const next = await sessions.unseal(await sessions.seal(session));
    assert.equal(next?.userId, "ada");
    assert.deepEqual([...next?.flashes("note") ?? []], ["hello"]);
  });
});

describe("what a schema makes", () => {
  const shownFor = (one: unknown, other: unknown) =>
    differences({ key: one }, { key: other });

  it("is shown where it reads other than what is saved", () => {
    const same: [unknown, unknown][] = [
      [1, 1],
      [NaN, NaN],
      [[1, [2]], [1, [2]]],
      [{ a: [1], b: null }, { b: null, a: [1] }],
    ];
    for (const [one, other] of same) {
      assert.deepEqual(Object.keys(shownFor(one, other)), []);
    }
    const different: [unknown, unknown][] = [
      [1, "1"],
      [1, {}],
      [{}, 1],
      [{}, null],
      [{}, []],
      [[1], { 0: 1 }],
      [[1], [1, 2]],
      [[1, 2], [1]],
      [[1, 2], [1, 3]],
      [{ a: 1 }, { b: 1 }],
      [{ a: 1 }, { a: 1, b: undefined }],
      [{ a: 1, b: 1 }, { a: 2, b: 1 }],
    ];
    for (const [one, other] of different) {
      const shown = shownFor(one, other);
      assert.deepEqual(shown["key"], other);
    }
  });

  it("is one value if it cannot change, or else a copy for each reader", () => {
    for (const value of ["a", null, { a: [1, { b: 2 }] }]) {
      const shown = shownFor(undefined, value);
      assert.equal(shown["key"], shown["key"]);
    }
    const made = [
      new Date(0),
      [1, new Date(0)],
      { a: 1, b: new Map([[1, 2]]) },
      new Set([1]),
      /a/,
      new Uint8Array([1]),
      new Uint16Array([1]),
      new BigInt64Array([1n]),
      new ArrayBuffer(1),
    ];
    for (const value of made) {
      const shown = shownFor(undefined, value);
      assert.notEqual(shown["key"], shown["key"]);
      assert.deepEqual(shown["key"], value);
    }
  });

  it("is itself if it is of a class of the program", () => {
    class OwnDate extends Date {}
    class DateRange {}
    const nameless = Object.create(Object.create(null));
    for (const value of [new OwnDate(0), new DateRange(), nameless]) {
      assert.equal(shownFor(undefined, value)["key"], value);
    }
  });

  it("is not shown of a value that has changed since", () => {
    const shown = { a: "one", b: "two" };
    assert.deepEqual(stillTrue(shown, { a: 1, b: 2 }, { a: 1, b: 3 }), {
      a: "one",
    });
    assert.deepEqual(stillTrue(false, {}, {}), {});
  });
});
