import assert from "node:assert/strict";
import * as v from "valibot";
import type { Session, StandardSchema } from "../../../mod.ts";
import { browse, type HttpCase, visit } from "../harness.ts";
import { assertNoCookie, router } from "../support.ts";

// deno-lint-ignore no-explicit-any
type AnySchema = StandardSchema<any>;

/** A schema of one's own; valibot copies the lists that it gives as defaults. */
function schemaOf(
  validate: AnySchema["~standard"]["validate"],
): AnySchema {
  return { "~standard": { version: 1, vendor: "test", validate } };
}

const routes = router({
  set: (session) => session.set("name", "Ada"),
  seen: (session) => session.set("seen", "2026-01-01T00:00:00.000Z"),
  count: (session) => session.update("n", (n = 0) => n + 1),
  get: (session) => session.toJSON(),
  date: (session) => session.get("seen") instanceof Date,
  again: (session) => session.update("name", (name) => `${name}!`),
  async save(session) {
    session.set("name", "Eve");
    const before = session.get("name");
    await session.save();
    return [before, session.get("name")];
  },
});

/** What becomes of values: changed in place, or made by a schema. */
export const valueCases: readonly HttpCase[] = [
  {
    name: "update() may change its value in place, at each request",
    async run(harness) {
      const browser = browse(
        harness,
        router({
          add: (session) =>
            session.update("cart", (cart: { n: number }[] = []) => {
              cart.push({ n: 0 });
              cart[0]!.n++;
              return cart;
            }),
          twice(session) {
            const before = session.get("cart");
            session.update("cart", (cart) => (cart.pop(), cart));
            return before;
          },
          lost(session) {
            let kept: { n: number }[] = [];
            session.update("cart", (cart) => kept = cart);
            kept.push({ n: 100 });
            return session.get("cart");
          },
        }),
      );
      await browser.get("/add");
      await browser.get("/add");
      const third = await browser.get("/add");
      const all = [{ n: 3 }, { n: 0 }, { n: 0 }];
      assert.deepEqual(await third.json(), all);
      const before = await browser.get("/twice");
      assert.deepEqual(await before.json(), all, "what was read stays");
      const lost = await browser.get("/lost");
      assertNoCookie(lost);
      assert.deepEqual(await lost.json(), all.slice(0, 2));
    },
  },
  {
    name: "a schema that makes another value is given what was kept, each time",
    async run(harness) {
      const schema = v.object({
        n: v.optional(v.number()),
        name: v.pipe(v.string(), v.transform((name) => `Dr ${name}`)),
      }) as AnySchema;
      const browser = browse(harness, routes, { schema });
      await browser.get("/set");
      for (const n of [1, 2, 3]) {
        await browser.get("/count");
        const data = await (await browser.get("/get")).json();
        assert.deepEqual(data, { name: "Dr Ada", n });
      }
      await browser.get("/again");
      const data = await (await browser.get("/get")).json();
      assert.deepEqual(data, { name: "Dr Ada!", n: 3 });
      const saved = await (await browser.get("/save")).json();
      assert.deepEqual(saved, ["Eve", "Dr Eve"]);
    },
  },
  {
    name: "a schema may make what the codec cannot keep, and is written on",
    async run(harness) {
      const schema = v.object({
        n: v.optional(v.number()),
        seen: v.pipe(v.string(), v.transform((text) => new Date(text))),
        big: v.optional(v.pipe(v.number(), v.transform((n) => BigInt(n))), 1),
      }) as AnySchema;
      const browser = browse(harness, routes, { schema });
      await browser.get("/seen");
      for (const n of [1, 2]) {
        assert.equal(await (await browser.get("/date")).json(), true);
        assert.equal(await (await browser.get("/count")).json(), n);
      }
    },
  },
  {
    name: "defaults of a schema are neither frozen nor shared",
    async run(harness) {
      const list = ["a"];
      const words = new Map([["a", { n: 1 }]]);
      const schema = schemaOf((data) => ({
        value: { prefs: { list }, words, ...data as object },
      }));
      const handle = harness.wrap(
        router({
          begin: (session) => session.set("n", 1),
          spoil(session) {
            assert.throws(() => session.get("prefs").list.push("b"), TypeError);
            session.get("words").set("secret", {});
            assert.throws(() => session.get("words").get("a").n++, TypeError);
            session.update("prefs", (prefs = { list: [] }) => {
              prefs.list.push("mine");
              return prefs;
            });
          },
          read: (session) => [session.get("prefs"), ...session.get("words")],
        }),
        { schema },
      );
      const one = visit(harness, handle);
      const other = visit(harness, handle);
      await one.get("/begin");
      await other.get("/begin");
      await one.get("/spoil");
      const read = async (browser: typeof one) =>
        await (await browser.get("/read")).json();
      const seen = [["a", { n: 1 }]];
      assert.deepEqual(await read(one), [{ list: ["mine"] }, ...seen]);
      assert.deepEqual(await read(other), [{ list: ["a"] }, ...seen]);
      list.push("later");
      assert.equal(words.size, 1);
    },
  },
  {
    name: "what a schema makes and nothing freezes is a copy at each get()",
    async run(harness) {
      const schema = schemaOf((data) => ({
        value: {
          ...data as object,
          at: new Date(0),
          tags: new Set(["user"]),
          deep: { words: new Map([["a", new Date(0)]]) },
        },
      }));
      const read = (session: Session) => {
        const { at, tags, deep } = session.toJSON();
        return [at.getTime(), [...tags], [...deep.words]];
      };
      const browser = browse(
        harness,
        router({
          set: (session) => session.set("n", 1),
          spoil(session) {
            const before = read(session);
            session.get("at").setTime(1);
            session.get("tags").add("admin");
            session.get("deep").words.get("a").setTime(1);
            session.get("deep").words.clear();
            session.toJSON()["tags"].clear();
            assert.deepEqual(read(session), before);
            assert.ok(session.has("tags"));
          },
        }),
        { schema },
      );
      await browser.get("/set");
      await browser.get("/spoil");
    },
  },
  {
    name: "what a schema leaves out is not shown, and stays kept",
    async run(harness) {
      let schema = v.object({ name: v.string() }) as AnySchema;
      const both = harness.wrap(routes);
      const one = harness.wrap(
        routes,
        { schema: schemaOf((data) => schema["~standard"].validate(data)) },
      );
      const browser = visit(
        harness,
        (request) => (request.headers.has("x-old") ? both : one)(request),
      );
      const old = { headers: { "x-old": "1" } };
      await browser.get("/set", old);
      await browser.get("/count", old);
      assert.deepEqual(await (await browser.get("/get")).json(), {
        name: "Ada",
      });
      await browser.get("/again");
      const kept = await (await browser.get("/get", old)).json();
      assert.deepEqual(kept, { name: "Ada!", n: 1 });
      schema = v.object({ n: v.number() }) as AnySchema;
      assert.deepEqual(await (await browser.get("/get")).json(), { n: 1 });
    },
  },
  {
    name: "a schema that throws, or makes no object, refuses a write by code",
    async run(harness) {
      const faults: (() => unknown)[] = [
        () => {
          throw new RangeError("of 4711");
        },
        () => Promise.reject(new RangeError("of 4711")),
        () => undefined,
        () => ({ value: null }),
        () => ({ value: [4711] }),
        () => ({ value: "4711" }),
        () => ({ value: 4711 }),
        () => ({ issues: [{ message: "4711" }] }),
      ];
      for (const fault of faults) {
        const schema = schemaOf(fault as never);
        const browser = browse(harness, routes, { schema });
        await assert.rejects(browser.get("/set"), (error) => {
          const { name, code, message, cause } = error as Error & {
            code: string;
          };
          return name === "SessionError" && code === "invalid-data" &&
            !/4711/.test(`${message} ${cause}`);
        });
      }
    },
  },
];
