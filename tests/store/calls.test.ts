import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Session, SessionOptions } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { cookieOf, pause, StoreBench } from "../shared/store_bench.ts";
import {
  assertNoCookie,
  attributesOf,
  IN_BACKGROUND,
  lineOf,
  requestWith,
  setUp,
  turn,
} from "../shared/support.ts";

function begin(more?: Partial<SessionOptions>): StoreBench {
  const bench = setUp(more);
  const store = new MemoryStore({ now: () => bench.clock.now });
  return new StoreBench(bench, { store });
}

describe("calls of a store", () => {
  it("are none for visitors without a cookie, and no record is left", async () => {
    const bench = begin();
    const handle = bench.wrap((_request, session) =>
      Response.json(session.get("name") ?? null)
    );
    for (let i = 0; i < 1000; i++) {
      assertNoCookie(await handle(new Request("https://example.com/")));
    }
    assert.deepEqual(bench.takeCalls(), []);
    assert.equal(await bench.sessions.count(), 0);
  });

  it("are none for cookies that are forged, cut or expired", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    const name = "__Host-sid=";
    const token = cookie.slice(name.length);
    for (let i = 0; i < token.length / 2; i += 3) {
      await bench.act(name + turn(token, i, 1), ({ id }) => id);
    }
    await bench.act(name + token.slice(0, -4), ({ id }) => id);
    bench.clock.advance(86_400);
    await bench.act(cookie, ({ id }) => id);
    assert.deepEqual(bench.takeCalls(), []);
  });

  it("are none for a session that nobody asks for", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    const handle = bench.wrap(() => new Response(), { when: () => false });
    assertNoCookie(await handle(requestWith(cookie)));
    assert.deepEqual(bench.takeCalls(), []);
  });

  it("are one to begin a session, at its first write", async () => {
    const bench = begin();
    await bench.act("", (session) => session.set("name", "Ada"));
    assert.deepEqual(bench.takeCalls(), ["create"]);
    assert.deepEqual(bench.takeEvents(), ["created"]);
  });

  it("are one to read, and two to write", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    const read = await bench.act(cookie, (session) => session.get("name"));
    assertNoCookie(read);
    assert.equal(await read.json(), "Ada");
    assert.deepEqual(bench.takeCalls(), ["get"]);
    assertNoCookie(await bench.act(cookie, (session) => session.set("n", 1)));
    assert.deepEqual(bench.takeCalls(), ["get", "update"]);
  });

  it("are one where a write changes nothing", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    await bench.act(cookie, (session) => session.set("name", "Ada"));
    assert.deepEqual(bench.takeCalls(), ["get"]);
  });

  it("are one for a request that moves the idle timeout on", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    bench.clock.advance(300);
    const response = await bench.act(cookie, (session) => session.get("name"));
    assert.match(attributesOf(response), /^Max-Age=86400;/);
    assert.deepEqual(bench.takeCalls(), ["get"]);
    assert.deepEqual(bench.takeEvents(), ["opened", "renewed"]);
  });

  it("are two to log in, to log out and to regenerate", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    await bench.act(await bench.begin(), (session) => session.destroy());
    assert.deepEqual(bench.takeCalls(), ["get", "delete"]);
    await bench.act(await bench.begin(), (session) => session.login("ada"));
    assert.deepEqual(bench.takeCalls(), ["get", "update"]);
    await bench.act(cookie, (session) => session.regenerate());
    assert.deepEqual(bench.takeCalls(), ["get", "update"]);
  });

  it("are four for a write that another one has overtaken", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    await bench.overtake(
      cookie,
      (session) => session.set("a", 1),
      (session) => session.set("b", 2),
    );
    assert.deepEqual(bench.takeCalls(), [
      "get",
      "get",
      "update",
      "update",
      "get",
      "update",
    ]);
  });

  it("are not more for a slow request that writes", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    const response = await bench.act(cookie, (session) => {
      session.keys();
      bench.clock.advance(3);
      session.persist(600);
    });
    assert.deepEqual(bench.takeCalls(), ["get", "update"]);
    assert.deepEqual(await bench.read(cookieOf(response)), { name: "Ada" });
  });

  it("are not more for a save() that nobody waits for", async () => {
    const bench = begin({ renewAfter: 200 });
    const cookie = await bench.begin();
    bench.clock.advance(200);
    const isUnderWay = Promise.withResolvers<void>();
    bench.watched.before = async ({ op }) => {
      if (op !== "update") return;
      isUnderWay.resolve();
      await pause(20);
    };
    await bench.act(cookie, async (session) => {
      session.set("n", 1);
      void session.save();
      await isUnderWay.promise;
    });
    assert.deepEqual(bench.takeCalls(), ["get", "update"]);
    assert.deepEqual(await bench.read(cookie), { name: "Ada", n: 1 });
  });

  it("are one for all save() of the same changes", async () => {
    const bench = begin();
    const response = await bench.act("", async (session) => {
      session.set("n", 1);
      await Promise.all([session.save(), session.save()]);
    });
    assert.deepEqual(bench.takeCalls(), ["create"]);
    assert.deepEqual(await bench.read(cookieOf(response)), { n: 1 });
  });

  it("are made before the response leaves", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    const order: string[] = [];
    bench.watched.after = ({ op }) => order.push(op);
    await bench.act(cookie, (session) => session.set("n", 1));
    order.push("response");
    assert.deepEqual(order, ["get", "update", "response"]);
  });
});

describe("the cookie of a session in a store", () => {
  it("is as long for much data as for little, and shows none", async () => {
    const bench = begin();
    const small = await bench.act("", (session) => session.set("a", 1));
    const large = await bench.act("", (session) => {
      session.set("essay", "x".repeat(100_000));
    });
    assert.equal(cookieOf(small).length, "__Host-sid=".length + 102);
    assert.equal(lineOf(small).length, lineOf(large).length);
    assert.equal((await bench.read(cookieOf(large)))?.["essay"].length, 1e5);
  });

  it("is refused where sessions are in the cookie, and the reverse", async () => {
    const bench = begin();
    const more = { store: undefined } as unknown as SessionOptions;
    const inCookie = await bench.act("", (session) => {
      session.set("name", "Eve");
    }, more);
    assert.equal(await bench.read(cookieOf(inCookie)), null);
    assert.deepEqual(bench.takeCalls(), []);
    const inStore = await bench.begin();
    assert.equal(await bench.read(inStore, more), null);
  });

  it("is sealed anew at a write when the secret has changed", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    const secret = [
      "another secret of at least 32 bytes, 9x",
      bench.options.secret as string,
    ];
    const response = await bench.act(cookie, (session) => {
      session.set("n", 1);
    }, { secret });
    assert.deepEqual(bench.takeEvents(), ["opened", "resealed"]);
    const [newest] = secret;
    assert.deepEqual(
      await bench.read(cookieOf(response), { secret: newest }),
      { name: "Ada", n: 1 },
    );
  });

  it("is left as it is by a request that only reads then", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    const secret = [
      "another secret of at least 32 bytes, 9x",
      bench.options.secret as string,
    ];
    assertNoCookie(
      await bench.act(cookie, (session) => session.get("name"), { secret }),
    );
  });

  it("carries what persist() chose, and the record knows it", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    const response = await bench.act(cookie, (session) => {
      session.persist(7 * 86_400);
    });
    assert.match(attributesOf(response), /^Max-Age=604800;/);
    bench.clock.advance(6 * 86_400);
    assert.deepEqual(await bench.read(cookieOf(response)), { name: "Ada" });
    assert.equal(await bench.read(cookie), null, "The first cookie lasts");
  });

  it("is not set for the writes of a WebSocket's session that has one", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    const upgrade = { status: 101 } as Response;
    const handle = bench.wrap((_request, session) => {
      session.set("socket", 1);
      return upgrade;
    });
    assert.equal(await handle(requestWith(cookie)), upgrade);
    assert.deepEqual(await bench.read(cookie), { name: "Ada", socket: 1 });
    await assert.rejects(
      async () => await handle(new Request("https://example.com/")),
      { code: "late-write" },
    );
    bench.takeCalls();
    assert.equal(await bench.sessions.count(), 1);
  });
});

describe("a session that has ended elsewhere", () => {
  const ends: Readonly<Record<string, (session: Session) => void>> = {
    "regenerate()": (session) => session.regenerate(),
    "login()": (session) => session.login("eve"),
    "destroy()": (session) => session.destroy(),
  };
  for (const [name, end] of Object.entries(ends)) {
    it(`by ${name} refuses for 30 s what it could not keep, but for a login`, async () => {
      const bench = begin();
      const cookie = await bench.begin();
      await bench.act(cookie, end);
      const late = await bench.act(cookie, (session) => {
        assert.throws(() => session.set("n", 1), { code: "gone" });
        assert.throws(() => session.flash("n", 1), { code: "gone" });
        // They change nothing here.
        assert.equal(session.take("n"), undefined);
        assert.deepEqual(session.flashes("n"), []);
        return session.isNew;
      });
      assert.equal(await late.json(), true);
      assertNoCookie(late);
      // Whoever clicks twice to log out is logged out.
      const again = await bench.act(cookie, (session) => session.destroy());
      if (name !== "regenerate()") assertNoCookie(again);
      else assert.match(lineOf(again), /^__Host-sid=; Max-Age=0/);
      await assert.rejects(
        bench.act(cookie, (session) => session.set("n", 1)),
        { code: "gone" },
      );
      const login = await bench.act(cookie, (session) => {
        session.login("ada");
        session.set("n", 1);
      });
      assert.deepEqual(await bench.read(cookieOf(login)), { n: 1 });
      bench.clock.advance(30);
      const written = await bench.act(cookie, (session) => session.set("n", 2));
      assert.deepEqual(await bench.read(cookieOf(written)), { n: 2 });
    });
  }

  it("is as over as any, where this process has moved it on before", async () => {
    for (const move of ["regenerate", "login"] as const) {
      const bench = begin();
      const first = await bench.begin();
      const cookie = cookieOf(
        await bench.act(first, (session) => session[move]("ada")),
      );
      const elsewhere = { store: new Proxy(bench.watched.store, {}) };
      await bench.act(cookie, (session) => session.destroy(), elsewhere);
      const made = await bench.act(cookie, (session) => session.set("n", 1));
      assert.deepEqual(await bench.read(cookieOf(made)), { n: 1 });
    }
  });

  it("is a cookie like any bad one after that", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    await bench.act(cookie, (session) => session.destroy());
    bench.clock.advance(30);
    const background = await bench.act(
      cookie,
      ({ id }) => id,
      {},
      IN_BACKGROUND,
    );
    assertNoCookie(background);
    const step = await bench.act(cookie, ({ id }) => id);
    assert.match(lineOf(step), /^__Host-sid=; Max-Age=0/);
    const written = await bench.act(cookie, (session) => session.set("n", 1));
    assert.deepEqual(await bench.read(cookieOf(written)), { n: 1 });
  });
});
