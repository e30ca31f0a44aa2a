import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Session, SessionError, type SessionOptions } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { StoreBench } from "../shared/store_bench.ts";
import { assertNoCookie, requestWith, setUp } from "../shared/support.ts";

const DOWN = new Error("connect ECONNREFUSED");

function begin(more?: Partial<SessionOptions>): StoreBench {
  const bench = setUp(more);
  const store = new MemoryStore({ now: () => bench.clock.now });
  return new StoreBench(bench, { store });
}

/** From now on, these methods of the store throw. */
function breakDown(bench: StoreBench, ...ops: string[]): void {
  bench.watched.before = ({ op }) => {
    if (ops.includes(op)) throw DOWN;
  };
}

/** From now on, these methods of the store never answer. */
function hang(bench: StoreBench, ...ops: string[]): void {
  bench.watched.before = ({ op }) =>
    ops.includes(op) ? new Promise(() => {}) : undefined;
}

function isFailure(error: unknown): boolean {
  assert.ok(error instanceof SessionError);
  assert.equal(error.code, "store-failed");
  return true;
}

const throwing = (text: string) => () => {
  throw new Error(text);
};

describe("a store that fails", () => {
  it("fails the requests that need it, and says which call", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    breakDown(bench, "get");
    await assert.rejects(
      bench.act(cookie, (session) => session.set("n", 1)),
      (error: Error) => {
        const { message } = error.cause as Error;
        return isFailure(error) && message === "";
      },
    );
    const [event] = bench.events;
    assert.ok(event?.type === "store-error");
    assert.equal(event.op, "get");
    assert.ok(event.ms >= 0);
    assert.equal(`${event.cause}`, "Error");
  });

  it("tells guests of a wrong password by the event", async () => {
    const bench = begin({ onStoreError: "anonymous" });
    const cookie = await bench.begin();
    bench.watched.before = () => {
      throw Object.assign(new Error("WRONGPASS"), { code: "28P01" });
    };
    assert.equal(await bench.read(cookie), null);
    const [event] = bench.events;
    assert.ok(event?.type === "store-error");
    assert.equal(event.code, "28P01");
    assert.equal(event.cause.message, "28P01");
  });

  it("tells the client's code also where the store says more", async () => {
    for (const cause of [{ code: "42P01" }, { code: 1146 }, {}, undefined]) {
      const bench = begin({ onStoreError: "anonymous" });
      const cookie = await bench.begin();
      const message = "Table sessions is missing";
      bench.watched.before = () => {
        throw new SessionError("store-failed", message, { cause });
      };
      assert.equal(await bench.read(cookie), null);
      const [event] = bench.events;
      assert.ok(event?.type === "store-error");
      const code = cause?.code;
      assert.equal(event.code, code === undefined ? code : String(code));
      assert.equal(event.cause.message, message);
    }
  });

  it("does not touch requests without a session", async () => {
    const bench = begin();
    breakDown(bench, "get", "create", "update", "delete");
    assertNoCookie(await bench.act("", (session) => session.get("name")));
  });

  it("sets no cookie for a session that could not be kept", async () => {
    const bench = begin();
    breakDown(bench, "create");
    await assert.rejects(
      bench.act("", (session) => session.set("n", 1)),
      isFailure,
    );
    assert.equal(await bench.sessions.count(), 0);
  });

  it("loses the changes of a request whose write fails, and says so", async () => {
    const bench = begin({ onStoreError: "anonymous" });
    const cookie = await bench.begin();
    breakDown(bench, "update");
    await assert.rejects(
      bench.act(cookie, (session) => session.set("n", 1)),
      isFailure,
    );
    bench.watched.before = undefined;
    assert.deepEqual(await bench.read(cookie), { name: "Ada" });
  });

  it("keeps the old cookie valid if a login cannot be written", async () => {
    const bench = begin();
    const cookie = await bench.begin("ada");
    breakDown(bench, "update");
    await assert.rejects(
      bench.act(cookie, (session) => session.login("eve")),
      isFailure,
    );
    bench.watched.before = undefined;
    const user = await bench.act(cookie, (session) => session.userId);
    assert.equal(await user.json(), "ada");
  });

  it("does not log out in silence", async () => {
    const bench = begin({ onStoreError: "anonymous" });
    const cookie = await bench.begin();
    breakDown(bench, "delete");
    await assert.rejects(
      bench.act(cookie, (session) => session.destroy()),
      (error: SessionError) =>
        isFailure(error) &&
        /^__Host-sid=; Max-Age=0/.test(`${error.setCookie}`),
    );
  });

  it("has no line for a logout whose cookie could not be set either", async () => {
    const bench = begin({ onStoreError: "anonymous" });
    const cookie = await bench.begin();
    breakDown(bench, "get", "delete");
    const handle = bench.wrap((_request, session) => {
      session.destroy();
      return new Response();
    });
    await assert.rejects(
      handle(requestWith(cookie, "http://192.168.0.9/")),
      (error: SessionError) => isFailure(error) && !error.setCookie,
    );
  });

  it("clears the cookie of a logout that has failed, if the handler knows", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    breakDown(bench, "delete");
    const response = await bench.act(cookie, async (session) => {
      session.destroy();
      await assert.rejects(session.save(), isFailure);
    });
    assert.match(
      response.headers.getSetCookie()[0] ?? "",
      /^__Host-sid=; Max-Age=0/,
    );
  });

  it("is as good as new when it comes back", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    breakDown(bench, "get");
    await assert.rejects(bench.read(cookie), isFailure);
    bench.watched.before = undefined;
    assert.deepEqual(await bench.read(cookie), { name: "Ada" });
  });

  it("passes its own refusals on as they are", async () => {
    const bench = begin();
    const refusal = new SessionError(
      "oversize",
      "Record of 9 bytes, 8 at most",
    );
    bench.watched.before = ({ op }) => {
      if (op === "create") throw refusal;
    };
    await assert.rejects(
      bench.act("", (session) => session.set("n", 1)),
      refusal,
    );
    assert.deepEqual(bench.takeEvents(), []);
  });

  it("shows no command in the error: clients put data there", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    bench.watched.before = ({ key }) => {
      throw Object.assign(new Error("READONLY"), {
        code: "READONLY",
        command: { args: [key, "value-of-the-session"] },
      });
    };
    const error = await bench.act(cookie, (session) => session.get("name"))
      .then(() => assert.fail("It is served"), (error) => error);
    const { cause } = error;
    assert.equal(cause.code, "READONLY");
    assert.deepEqual(Object.keys(cause), ["name", "code"]);
    assert.equal(`${cause}`, "Error: READONLY");
  });

  it("names the error by its class where that is all a client says", async () => {
    class ClientClosedError extends Error {}
    const bench = begin();
    const cookie = await bench.begin();
    const errors: [unknown, string | undefined][] = [
      [new ClientClosedError("redis://user:hunter2@host"), "ClientClosedError"],
      [new Error("down"), "Error"],
      [Object.assign(Object.create(null), { name: "Error" }), undefined],
    ];
    for (const [thrown, name] of errors) {
      bench.watched.before = () => {
        throw thrown;
      };
      const error = await bench.read(cookie)
        .then(() => assert.fail("It is served"), (error) => error);
      assert.equal(error.code, "store-failed");
      assert.equal(error.cause.name, name);
    }
  });

  it("shows no text of the client's error, be it a password", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    const told = "redis://user:hunter2@host";
    const errors = [
      new Error(told),
      new TypeError(told, { cause: told }),
      new AggregateError([new Error(told)], told),
      Object.assign(new Error(told), { url: told, code: "ECONNREFUSED" }),
      { message: told },
      told,
      Symbol(told),
      Object.assign(new Error(told), { code: Symbol(told) }),
      Object.assign(new Error(told), { code: { args: [told] } }),
      Object.assign(new Error(told), { code: () => told }),
      Object.assign(new Error(told), { code: { toString: throwing(told) } }),
      Object.defineProperty({}, "name", { get: throwing(told) }),
      new Proxy({}, { get: throwing(told) }),
    ];
    for (const thrown of errors) {
      bench.watched.before = () => {
        throw thrown;
      };
      const error = await bench.read(cookie)
        .then(() => assert.fail("It is served"), (error) => error);
      assert.equal(error.code, "store-failed");
      const shown = [error, error.cause, ...bench.takeEvents()]
        .map((each) => `${each} ${each.stack} ${JSON.stringify(each)}`).join();
      assert.ok(!shown.includes("hunter2"), shown);
    }
  });

  it("tells of each failure, also if its error is the same", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    const error = new SessionError("store-failed", "Circuit open");
    bench.watched.before = () => {
      throw error;
    };
    for (let i = 0; i < 2; i++) {
      await assert.rejects(bench.read(cookie), { code: "store-failed" });
      assert.deepEqual(bench.takeEvents(), ["store-error"]);
    }
  });

  it("tells of no end that has failed", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    bench.watched.before = ({ op }) => {
      if (op === "delete") throw new Error("down");
    };
    await bench.act(cookie, async (session) => {
      session.destroy();
      await session.save().catch(() => {});
    });
    assert.ok(!bench.takeEvents().includes("destroyed"));
  });

  it("passes on an error of another copy of the package", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    const copy = class SessionError extends Error {
      override readonly name = "SessionError";
      readonly code = "oversize";
    };
    bench.watched.before = () => {
      throw new copy("Too large for this store");
    };
    await assert.rejects(
      bench.act(cookie, (session) => session.set("n", 1)),
      { code: "oversize", message: "Too large for this store" },
    );
  });
});

describe("onStoreError: anonymous", () => {
  it("gives an empty session that cannot be written, and keeps the cookie", async () => {
    const bench = begin({ onStoreError: "anonymous" });
    const cookie = await bench.begin("ada");
    breakDown(bench, "get");
    const response = await bench.act(cookie, (session) => {
      assert.throws(() => session.set("n", 1), { code: "store-failed" });
      assert.throws(() => session.regenerate(), { code: "store-failed" });
      return [session.isNew, session.userId ?? null, session.keys()];
    });
    assert.deepEqual(await response.json(), [true, null, []]);
    assertNoCookie(response);
    bench.watched.before = undefined;
    assert.deepEqual(await bench.read(cookie), { name: "Ada" });
  });
});

describe("onStoreError: anonymous, where only reading fails,", () => {
  const cases: Readonly<Record<string, (session: Session) => void>> = {
    "logs out": (session) => session.destroy(),
    "logs in": (session) => session.login("eve"),
  };
  for (const [name, act] of Object.entries(cases)) {
    it(name, async () => {
      const bench = begin({ onStoreError: "anonymous" });
      const cookie = await bench.begin("ada");
      breakDown(bench, "get");
      const response = await bench.act(cookie, act);
      bench.watched.before = undefined;
      const [line = ""] = response.headers.getSetCookie();
      if (name === "logs out") {
        assert.match(line, /^__Host-sid=; Max-Age=0/);
        assert.equal(await bench.read(cookie), null);
      } else {
        const [next = ""] = line.split(";");
        const user = await bench.act(next, (session) => session.userId);
        assert.equal(await user.json(), "eve");
      }
    });
  }
});

describe("storeTimeout", () => {
  it("ends a request whose store does not answer", async () => {
    for (const op of ["get", "update"]) {
      const bench = begin({ storeTimeout: 0.05 });
      const cookie = await bench.begin();
      hang(bench, op);
      await assert.rejects(
        bench.act(cookie, (session) => session.set("n", 1)),
        isFailure,
      );
      assert.ok(bench.takeEvents().includes("store-error"));
    }
  });

  it("is for all calls of a request together, and not for its handler", async () => {
    const bench = begin({ storeTimeout: 0.2 });
    const cookie = await bench.begin();
    const pause = (ms: number) =>
      new Promise((resolve) => setTimeout(resolve, ms));
    // Each would be in time by itself.
    bench.watched.before = () => pause(150);
    await assert.rejects(
      bench.act(cookie, async (session) => {
        await pause(300);
        session.set("n", 1);
      }),
      isFailure,
    );
    bench.watched.before = undefined;
    await bench.act(cookie, async (session) => {
      await pause(300);
      session.set("n", 1);
    });
  });

  it("does not keep others waiting for a write that hangs", async () => {
    const bench = begin({ storeTimeout: 0.5 });
    const cookie = await bench.begin();
    let isFirst = true;
    bench.watched.before = ({ op }) => {
      if (op !== "update" || !isFirst) return undefined;
      isFirst = false;
      return new Promise(() => {});
    };
    const keys = ["a", "b"];
    const results = await Promise.allSettled(
      keys.map((key) => bench.act(cookie, (session) => session.set(key, 1))),
    );
    const kept = keys.filter((_, i) => results[i]?.status === "fulfilled");
    assert.equal(kept.length, 1);
    assert.deepEqual(await bench.read(cookie), {
      name: "Ada",
      ...Object.fromEntries(kept.map((key) => [key, 1])),
    });
  });
});

describe("a conflict", () => {
  it("is given up after five tries, without a change", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    const { store } = bench.watched;
    const handle = bench.wrap((_request, session) => {
      session.set("n", 1);
      return new Response();
    }, {
      store: {
        consistency: "strong",
        create: (key, record) => store.create(key, record),
        get: (key) => store.get(key),
        update: (key, record, revision) =>
          store.update(key, record, revision + 1),
        delete: (key) => store.delete(key),
      },
    });
    await assert.rejects(handle(requestWith(cookie)), { code: "conflict" });
    assert.equal(
      bench.takeCalls().filter((op) => op === "update").length,
      5,
    );
    assert.deepEqual(bench.takeEvents().at(-1), "conflict");
    assert.deepEqual(await bench.read(cookie), { name: "Ada" });
  });
});
