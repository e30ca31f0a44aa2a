import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type AnyData,
  createSessions,
  type ForeignSession,
  SessionError,
  type SessionHandler,
} from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { markedSecret } from "../shared/support.ts";
import { moved, type Site } from "./_foreign.ts";
import { readOn } from "../../src/options/check.ts";

// What is taken over of another library's session, and what is told of it.

const OURS = "__Host-sid";

/** A site where the other library has this session. */
function having(
  theirs: Omit<ForeignSession, "key">,
  ...given: Parameters<typeof moved>
): Site {
  const site = moved(...given);
  site.other.sessions.set(`${site.old()["old"]}`, theirs);
  return site;
}

/** The attributes of our cookie. */
const lineOf = (response: Response) =>
  response.headers.getSetCookie().find((line) => line.startsWith(OURS)) ?? "";

describe("what is taken over of another library's session", () => {
  it("is how long the browser keeps it", async () => {
    for (
      const [persist, age] of [[60, /Max-Age=60;/], [false, undefined]] as const
    ) {
      const { old, visit } = having({ data: { n: 1 }, persist });
      const line = lineOf(await visit(old()));
      if (age) assert.match(line, age);
      else assert.doesNotMatch(line, /Max-Age/);
    }
    const { old, visit } = having({ data: { n: 1 } }, {
      persistent: false,
    });
    const line = lineOf(await visit(old()));
    assert.match(line, /^__Host-sid=/);
    assert.doesNotMatch(line, /Max-Age/);
  });

  it("is the device's name, where there is a list of them", async () => {
    for (const [user, labels] of [["ann", ["Phone"]], ["", []]] as const) {
      const store = new MemoryStore();
      const site = having({ user, data: { n: 1 }, label: "Phone" }, { store });
      await site.visit(site.old());
      const list = await createSessions(site.options).list("ann");
      assert.deepEqual(list.map(({ label }) => label), labels);
    }
    // A name has no place in a cookie, nor one without a user in a record.
    const label = "Phone";
    for (
      const [theirs, more] of [
        [{ user: "ann", label }, {}],
        [{ label, data: { n: 1 } }, { store: new MemoryStore() }],
      ] as const
    ) {
      const made: string[] = [];
      const stringify = (value: unknown) => {
        made.push(JSON.stringify(value));
        return JSON.stringify(value);
      };
      const codec = { parse: JSON.parse, stringify };
      const { old, visit } = having(theirs, { ...more, codec });
      const { user = null, data = {} } = theirs as ForeignSession;
      assert.deepEqual(await (await visit(old())).json(), [user, data]);
      assert.doesNotMatch(made.join(), /Phone/);
    }
  });

  it("is nobody, where no user is named", async () => {
    const { old, visit } = having({ user: "", data: { n: 1 } });
    const jar = old();
    let user: unknown = "not read";
    const look: SessionHandler<AnyData, []> = (_request, session) => {
      user = session.userId;
      return new Response();
    };
    await visit(jar, look);
    assert.equal(user, undefined);
    await visit(jar, look);
    assert.equal(user, undefined);
  });

  it("stays a visitor's who logs in here", async () => {
    const { old, visit } = having({ user: "", data: { n: 1 } });
    const jar = old();
    await visit(jar);
    await visit(jar, (_request, session) => {
      session.login("bob");
      return new Response();
    });
    assert.deepEqual(await (await visit(jar)).json(), ["bob", { n: 1 }]);
  });

  it("is no login, where no user is named", async () => {
    const revocations = new MemoryStore();
    let asked = 0;
    revocations.get = () => (asked++, Promise.resolve(null));
    const { old, visit } = having({ user: "", data: { n: 1 } }, {
      revocations,
    });
    await visit(old());
    assert.equal(asked, 0);
  });

  it("is no value that is undefined", async () => {
    const { old, visit } = having({ data: { gone: undefined, n: 1 } });
    assert.deepEqual(await (await visit(old())).json(), [null, { n: 1 }]);
  });

  it("is not worth a cookie, if it has neither data nor a user", async () => {
    const { old, visit } = having({});
    const jar = old();
    assert.deepEqual(await (await visit(jar)).json(), [null, {}]);
    assert.deepEqual(jar, old());
  });

  it("may live as long as the options allow, and no longer", async () => {
    const absoluteTimeout = 3_600;
    for (const persist of [1, absoluteTimeout]) {
      const { old, visit } = having({ user: "ann", persist }, {
        absoluteTimeout,
      });
      const line = lineOf(await visit(old()));
      assert.match(line, new RegExp(`Max-Age=${persist};`));
    }
    for (const persist of [0, -1, 0.5, absoluteTimeout + 1]) {
      const { old, visit } = having({ user: "ann", persist }, {
        absoluteTimeout,
      });
      await assert.rejects(visit(old()), { code: "invalid-data" });
    }
  });

  it("goes on though its first handler does not look at it", async () => {
    for (const options of [{}, { store: new MemoryStore() }]) {
      const { old, visit } = moved(options);
      const jar = old();
      const response = await visit(jar, () => new Response());
      assert.deepEqual(Object.keys(jar), [OURS]);
      assert.equal(response.headers.get("cache-control"), "no-store");
      const [user] = await (await visit(jar)).json();
      assert.equal(user, "ann");
    }
  });

  it("is a login, which revocations end", async () => {
    const revocations = new MemoryStore();
    const { old, visit, options } = moved({ revocations });
    const jar = old();
    await createSessions(options).revokeAll("ann");
    // It was revoked before it was taken over, and counts from now on.
    const [user] = await (await visit(jar)).json();
    assert.equal(user, "ann");
    const [later] = await (await visit(jar)).json();
    assert.equal(later, "ann");
  });
});

describe("what is told of another library's session", () => {
  it("is where it comes from", async () => {
    const { old, visit, events } = moved();
    await visit(old());
    const told = events.find(({ type }) => type === "accepted");
    assert.equal((told as { from?: string } | undefined)?.from, "other");
  });

  it("is that its schema refuses it", async () => {
    const schema = {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: () => ({ issues: [{ message: "old" }] }),
      },
    } as const;
    const { old, visit, events } = moved({ schema });
    await visit(old());
    assert.deepEqual(events, [
      { type: "rejected", reason: "schema", keyId: undefined },
    ]);
  });

  it("is which part is of a wrong kind", async () => {
    for (
      const [part, value, kind] of [
        ["data", [1], "Array"],
        ["user", 4_711, "Number"],
        ["label", {}, "Object"],
        ["persist", "no", "text of 2 characters"],
        ["persist", -60, "Number"],
        // All of them are the same text, as which one visitor's would be known.
        ["key", new ArrayBuffer(32), "ArrayBuffer"],
        ["id", 4_711, "Number"],
      ] as const
    ) {
      const theirs = { user: "ann", [part]: value } as never;
      const { old, visit } = moved({}, { read: () => Promise.resolve(theirs) });
      await assert.rejects(visit(old()), {
        code: "invalid-data",
        message: `Cannot keep ${part} of other (${kind})` +
          readOn("invalid-data"),
      });
    }
  });

  it("is which of its keys cannot be kept", async () => {
    const { old, visit } = having({ data: { "~u": "eve" } });
    await assert.rejects(visit(old()), {
      code: "invalid-data",
      message: "Cannot keep ~u of other" + readOn("invalid-data"),
    });
  });

  it("is by which code its data cannot be read, and no word of it", async () => {
    const error = Object.assign(new Error("quotes a cookie"), {
      code: "EACCES",
    });
    const data = {
      get n() {
        throw error;
      },
    };
    const { old, visit } = having({ data });
    await assert.rejects(visit(old()), (thrown: SessionError) => {
      assert.equal(
        thrown.message,
        "Cannot keep data of other" + readOn("invalid-data"),
      );
      assert.equal((thrown.cause as Error).message, "EACCES");
      return true;
    });
  });

  it("is what a reader itself refuses, also to guests", async () => {
    const error = new SessionError("invalid-data", "Cannot map");
    const { old, visit, events } = moved({ onStoreError: "anonymous" }, {
      read: () => Promise.reject(error),
    });
    await assert.rejects(visit(old()), (thrown) => thrown === error);
    assert.deepEqual(events, []);
  });

  it("is how long its store has taken to fail", async () => {
    const site = moved({}, {
      read: async () => {
        await undefined;
        site.clock.now += 7;
        throw new Error("down");
      },
    });
    await assert.rejects(site.visit(site.old()), { code: "store-failed" });
    const [event] = site.events;
    assert.ok(event?.type === "store-error");
    assert.equal(event.ms, 7);
  });

  it("is an error alone, where nobody listens", async () => {
    const { old, other, options } = moved({});
    other.isDown = true;
    const { onEvent: _, ...rest } = options;
    const request = new Request("https://example.com/", {
      headers: { cookie: `old=${old()["old"]}` },
    });
    await assert.rejects(createSessions(rest).open(request), {
      code: "store-failed",
      message: "Store of other failed",
    });
  });

  it("is nothing where nobody listens, and all the same goes on", async () => {
    // Nothing tells it from others, so it gets an id that follows from nothing.
    const { options } = moved({}, {
      read: () => Promise.resolve({ user: "ann" }),
    });
    const { onEvent: _, ...rest } = options;
    const sessions = createSessions(rest);
    const headers = { cookie: "old=a" };
    const session = await sessions.open(
      new Request("https://example.com/", { headers }),
    );
    const response = await sessions.commit(session, new Response());
    assert.match(lineOf(response), /^__Host-sid=[\w-]{102,};/);
  });

  it("is nothing to other secrets", async () => {
    const store = new MemoryStore();
    const one = moved({ store });
    const jar = one.old();
    await one.visit(jar);
    // Another program with the same store has another cookie.
    const two = moved({
      store,
      secret: markedSecret(),
      cookie: { name: "__Host-other" },
      accept: one.options.accept,
    });
    const other = await two.visit(one.old());
    assert.deepEqual(await other.json(), ["ann", { cart: [1, 2] }]);
    assert.equal(two.events.filter(({ type }) => type === "created").length, 1);
  });
});

it("a store of another library leaves no timer behind", async () => {
  const { old, visit } = moved({ storeTimeout: 77 });
  const { setTimeout, clearTimeout } = globalThis;
  const running = new Set<unknown>();
  const start = (act: () => void, ms: number) => {
    const timer = setTimeout(act, ms);
    if (ms !== 77_000) return timer;
    started++;
    running.add(timer);
    return timer;
  };
  const stop = (timer: never) => {
    running.delete(timer);
    clearTimeout(timer);
  };
  let started = 0;
  try {
    Object.assign(globalThis, { setTimeout: start, clearTimeout: stop });
    await visit(old());
  } finally {
    Object.assign(globalThis, { setTimeout, clearTimeout });
  }
  assert.equal(started, 1);
  assert.equal(running.size, 0);
});
