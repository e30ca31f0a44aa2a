import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  checkKey,
  createSessions,
  type SessionOptions,
  type SessionRecord,
} from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { toHex } from "../shared/format.ts";
import { contentIn, ringOf } from "../shared/rings.ts";
import { type Act, cookieOf, StoreBench } from "../shared/store_bench.ts";
import { markedSecret, setUp } from "../shared/support.ts";

function begin(more?: Partial<SessionOptions>): StoreBench {
  const bench = setUp(more);
  const store = new MemoryStore({ now: () => bench.clock.now });
  return new StoreBench(bench, { store });
}

/** The key of a cookie's record, found at the store's door. */
async function keyOf(bench: StoreBench, cookie: string): Promise<string> {
  bench.takeCalls();
  await bench.read(cookie);
  const [call] = bench.watched.calls.splice(0);
  assert.ok(call);
  bench.takeEvents();
  return call.key;
}

async function recordOf(
  bench: StoreBench,
  key: string,
): Promise<SessionRecord> {
  const record = await bench.watched.store.get(key);
  assert.ok(record);
  return record;
}

/** Puts something else in a record's place, as who writes to the database. */
async function tamper(
  bench: StoreBench,
  key: string,
  change: Partial<SessionRecord>,
): Promise<void> {
  const record = await recordOf(bench, key);
  const { revision } = record;
  await bench.watched.store.update(
    key,
    { ...record, revision: revision + 1, ...change },
    revision,
  );
  bench.takeCalls();
}

describe("a record with values of the session's own that nobody wrote", () => {
  const rotten: readonly object[] = [
    { "~g": 5 },
    { "~g": [] },
    { "~g": ["x", "y"] },
    { "~g": ["x", 0, 0, 0, 0, 0, ""] },
    { "~w": 5 },
    { "~u": 5 },
    { "~u": "" },
    { "~p": "x" },
    { "~i": "x" },
    { "~l": {} },
    { "~e": null },
    { "~fnote": 5 },
  ];
  const acts: readonly Act[] = [
    (session) => session.flashes("note"),
    (session) => session.login("ada"),
  ];
  for (const values of rotten) {
    it(`${JSON.stringify(values)}, is a new session and an event`, async () => {
      const bench = begin();
      const cookie = await bench.begin();
      const value = JSON.stringify({ name: "Ada", ...values });
      await tamper(bench, await keyOf(bench, cookie), { value });
      for (const act of acts) {
        await bench.act(cookie, act);
        assert.equal(bench.takeEvents()[0], "rejected");
      }
    });
  }
});

describe("a record that began at no possible time", () => {
  const rotten = [-1, 1.5, null, "x", Number.NaN, Number.POSITIVE_INFINITY]
    // No whole second, and one before all of them.
    .concat(1500, -1000);
  for (const createdAt of rotten) {
    it(`${createdAt}, is a new session and an event`, async () => {
      const bench = begin();
      const cookie = await bench.begin();
      const key = await keyOf(bench, cookie);
      await tamper(bench, key, { createdAt: createdAt as number });
      await bench.act(cookie, (session) => session.regenerate());
      assert.equal(bench.takeEvents()[0], "rejected");
    });
  }
});

describe("a record that began with the count of time", () => {
  it("is read as any other", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    await tamper(bench, await keyOf(bench, cookie), { createdAt: 0 });
    assert.deepEqual(await bench.read(cookie), { name: "Ada" });
  });
});

for (const encrypt of [false, true]) {
  describe(`a record, encrypt: ${encrypt}`, () => {
    it("is by a key of 43 characters that is not in the cookie", async () => {
      const bench = begin({ encrypt });
      const cookie = await bench.begin();
      const key = await keyOf(bench, cookie);
      assert.match(key, /^[A-Za-z0-9_-]{43}$/);
      assert.ok(!cookie.includes(key));
      const response = await bench.act(cookie, ({ id }) => id);
      assert.ok(!key.includes(await response.json()));
    });

    it("names its user by a hash, and knows the times", async () => {
      const bench = begin({ encrypt });
      const cookie = await bench.begin("ada@example.com");
      const record = await recordOf(bench, await keyOf(bench, cookie));
      // It is the same for all versions, which have to find each other's.
      assert.equal(record.user, "YUypL63cKD6ssLw9GYCnzXaUYrxcI9k4QcdF7WvhnNY");
      assert.equal(record.revision, 1);
      assert.equal(record.createdAt, bench.clock.now);
      assert.equal(record.lastSeenAt, bench.clock.now);
      assert.equal(record.expiresAt, bench.clock.now + 2 * 86_400_000);
    });

    const rotten: Record<string, Partial<SessionRecord>> = {
      "garbage": { value: "\u0000\uffff{{{" },
      "empty": { value: "" },
      "a list": { value: "[1,2]" },
      "null": { value: "null" },
      "cut": { value: '{"name":"Ad' },
      "of another id": { id: "AAAAAAAA" },
      "an old pointer's shape": { id: "", value: "rubbish" },
      "a pointer to nowhere": {
        id: "",
        value: '{"next":"nowhere","since":9e9,"sid":"x"}',
      },
      "a pointer that is null": { id: "", value: "null" },
      "no text": { value: 5 as never },
    };
    for (const [what, change] of Object.entries(rotten)) {
      it(`that is ${what} is a new session and an event`, async () => {
        const bench = begin({ encrypt });
        const cookie = await bench.begin();
        const key = await keyOf(bench, cookie);
        await tamper(bench, key, change);
        assert.equal(await bench.read(cookie), null);
        const [event] = bench.events;
        assert.ok(event?.type === "rejected" || event?.type === "gone");
        if (event.type === "rejected") assert.equal(event.reason, "record");
        assert.equal(bench.events.length, 1);
      });
    }

    it("is no longer after many writes than after a few", async () => {
      const bench = begin({ encrypt });
      const cookie = await bench.begin();
      const key = await keyOf(bench, cookie);
      const sizes: number[] = [];
      for (let n = 10; n < 40; n++) {
        await bench.act(cookie, (session) => session.set("n", n));
        sizes.push((await recordOf(bench, key)).value.length);
      }
      assert.equal(sizes[29], sizes[9]);
    });

    it("in the place of another one is a new session and an event", async () => {
      const bench = begin({ encrypt });
      const ada = await bench.begin("ada");
      const eve = await bench.begin("eve");
      const adasKey = await keyOf(bench, ada);
      const evesKey = await keyOf(bench, eve);
      const { value, id } = await recordOf(bench, adasKey);
      await tamper(bench, evesKey, { value, id });
      assert.equal(await bench.read(eve), null);
      assert.deepEqual(bench.takeEvents(), ["rejected"]);
    });

    it("that a store gives out after its time is none", async () => {
      const bench = begin({ encrypt });
      const cookie = await bench.begin();
      const key = await keyOf(bench, cookie);
      const record = await recordOf(bench, key);
      const { store } = bench.watched;
      const late = { ...record, expiresAt: bench.clock.now };
      assert.equal(
        await bench.read(cookie, {
          store: {
            consistency: "strong",
            create: store.create,
            get: () => Promise.resolve(late),
            update: store.update,
            delete: store.delete,
          },
        }),
        null,
      );
      assert.deepEqual(bench.takeEvents(), ["gone"]);
    });

    it("that was rolled back is taken: nothing tells it from the newest", async () => {
      const bench = begin({ encrypt });
      const cookie = await bench.begin();
      const key = await keyOf(bench, cookie);
      const { value } = await recordOf(bench, key);
      await bench.act(cookie, (session) => session.set("name", "Grace"));
      await tamper(bench, key, { value });
      assert.deepEqual(await bench.read(cookie), { name: "Ada" });
    });

    it("that was rolled back refuses a cookie that it does not know", async () => {
      const bench = begin({ encrypt });
      const cookie = await bench.begin();
      const key = await keyOf(bench, cookie);
      const { value } = await recordOf(bench, key);
      const next = cookieOf(
        await bench.act(cookie, (session) => session.regenerate()),
      );
      await tamper(bench, key, { value });
      bench.takeEvents();
      assert.equal(await bench.read(next), null);
      assert.deepEqual(bench.takeEvents(), ["gone"]);
    });

    it("that no longer fits the schema goes to migrate()", async () => {
      const bench = begin({ encrypt });
      const cookie = await bench.begin();
      const schema: NonNullable<SessionOptions["schema"]> = {
        "~standard": {
          version: 1,
          vendor: "test",
          validate: (value) =>
            "first" in (value as object)
              ? { value: value as object }
              : { issues: [{ message: "No first" }] },
        },
      };
      assert.equal(await bench.read(cookie, { schema }), null);
      assert.deepEqual(bench.takeEvents(), ["rejected"]);
      const migrate = (old: unknown) => ({
        first: (old as { name: string }).name,
      });
      assert.deepEqual(await bench.read(cookie, { schema, migrate }), {
        first: "Ada",
      });
    });
  });
}

describe("a key that is none", () => {
  it("is not shown in the error that says so", () => {
    assert.throws(() => checkKey("somebody's token"), {
      name: "TypeError",
      message: "Cannot use a key other than 43 characters of base64url",
    });
  });
});

describe("encrypt", () => {
  it("shows who has the store nothing of data, user and device", async () => {
    const bench = begin({ encrypt: true });
    const cookie = await bench.begin("ada@example.com", {}, "Ada's telephone");
    const key = await keyOf(bench, cookie);
    const dump = JSON.stringify(await recordOf(bench, key));
    for (const secret of ["Ada", "ada@", "telephone", "name", "~u"]) {
      assert.ok(!dump.includes(secret), `It shows ${secret}`);
    }
    const plain = begin();
    const shown = await keyOf(plain, await plain.begin("ada@example.com"));
    assert.ok((await recordOf(plain, shown)).value.includes("Ada"));
  });

  it("takes the cookie to open a record: the secret alone does not", async () => {
    const bench = begin({ encrypt: true });
    const victim = await bench.begin("ada");
    const key = await keyOf(bench, victim);
    const { value } = await recordOf(bench, key);
    // All that a program with the secret and the store can do: put the record
    // by a key whose cookie it has.
    const own = await bench.begin("eve");
    const ownKey = await keyOf(bench, own);
    await tamper(bench, ownKey, { value });
    assert.equal(await bench.read(own), null);
    assert.deepEqual(bench.takeEvents(), ["rejected"]);
  });

  it("refuses a record in the clear", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    assert.equal(await bench.read(cookie, { encrypt: true }), null);
    assert.deepEqual(bench.takeEvents(), ["rejected"]);
  });

  it("opens what an older secret has sealed, and seals with the newest", async () => {
    const bench = begin({ encrypt: true });
    const cookie = await bench.begin();
    const newest = "another secret of at least 32 bytes, 9x";
    const secret = [newest, bench.options.secret as string];
    const { headers } = await bench.act(cookie, (session) => {
      session.set("n", 1);
    }, { secret });
    const [line = ""] = headers.getSetCookie();
    const [pair = ""] = line.split(";");
    assert.deepEqual(await bench.read(pair, { secret: newest }), {
      name: "Ada",
      n: 1,
    });
  });

  it("has a key for each record, and one for the names in a list", async () => {
    const bench = begin({ encrypt: true });
    const secret = bench.options.secret as string;
    const now = bench.clock.now / 1000;
    const open = (token: string, ...context: string[]) =>
      contentIn(ringOf(secret, context), token, now);
    // Some of all these ids have a byte of one digit.
    for (let n = 0; n < 8; n++) {
      const cookie = await bench.begin("ada", {}, "A");
      const { value, label } = await recordOf(
        bench,
        await keyOf(bench, cookie),
      );
      const token = cookie.slice("__Host-sid=".length);
      const { sid } = await open(token, "store", "__Host-sid");
      const record = await open(value, "record", "__Host-sid", toHex(sid));
      assert.equal(JSON.parse(record.text).name, "Ada");
      assert.equal((await open(label, "label", "__Host-sid")).text, '"A"');
    }
  });

  it("keeps what is larger than a cookie", async () => {
    const bench = begin({ encrypt: true });
    const cookie = await bench.begin();
    const essay = "é".repeat(50_000);
    await bench.act(cookie, (session) => session.set("essay", essay));
    assert.deepEqual(await bench.read(cookie), { name: "Ada", essay });
  });

  it("shows the device's name in the list", async () => {
    const bench = begin({ encrypt: true });
    await bench.begin("ada", {}, "A");
    await bench.begin("ada", {}, "");
    const labels = (await bench.sessions.list("ada")).map((each) => each.label);
    assert.deepEqual(labels.sort(), ["", "A"]);
  });

  it("shows a name from before it, and none that no secret opens", async () => {
    const bench = begin();
    const long = "x".repeat(102);
    const names = ["A", `${long} b`, `b ${long}`];
    for (const name of names) await bench.begin("ada", {}, name);
    const lost = { encrypt: true, secret: markedSecret() };
    await bench.begin("ada", lost, "B");
    const now = createSessions({ ...bench.options, encrypt: true });
    const labels = (await now.list("ada")).map((each) => each.label);
    assert.deepEqual(labels.sort(), ["", ...names].sort());
  });
});
