import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SessionError, SessionOptions, SessionStore } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { LateStore } from "../shared/late_store.ts";
import {
  type Act,
  cookieOf,
  once,
  pause,
  StoreBench,
} from "../shared/store_bench.ts";
import { requestWith, setUp } from "../shared/support.ts";

// Requests of one process whose writes meet at a store that is slow: whoever
// was refused is not kept, by nobody's patience, and takes nothing from others.

/** The options of a request that waits for a moment only. */
const HURRIED = { storeTimeout: 0.4 };
const LOST = new Error("Connection lost");

function begin(
  more?: Partial<SessionOptions>,
  open = (now: () => number): SessionStore => new MemoryStore({ now }),
): StoreBench {
  const bench = setUp(more);
  return new StoreBench(bench, { store: open(() => bench.clock.now) });
}

/** Adds one to a number. */
function add(key: string): Act {
  return (session) => session.update(key, (n: number = 0) => n + 1);
}

let ran = 0;

/** One request, whose handler is counted. */
function visit(
  bench: StoreBench,
  cookie: string,
  act: Act,
  more?: Partial<SessionOptions>,
): Promise<Response> {
  const counted: Act = (session) => {
    ran++;
    return act(session);
  };
  return bench.act(cookie, counted, more);
}

/** What becomes of a request. */
function fate(response: Promise<Response>): Promise<string> {
  return response.then(() => "kept", ({ code }: SessionError) => code);
}

interface Meeting {
  readonly hurried: Promise<string>;
  readonly others: Promise<string>[];
}

interface Scene {
  /** What the request does whose write is under way when the others come. */
  readonly act?: Act;
  /** How long they wait for their turn at least, in ms. */
  readonly wait?: number;
  /** Called when the others wait for their turn. */
  ready?(meeting: Meeting): void;
  /** Called before the store makes their write. */
  before?(meeting: Meeting): unknown;
  /** Called when it has made it, before it answers. */
  after?(meeting: Meeting): unknown;
}

/**
 * Requests come while another one's write is under way. The next write is
 * theirs.
 */
async function meet(
  bench: StoreBench,
  cookie: string,
  come: () => Meeting,
  { act = add("a"), wait = 0, ready, before, after }: Scene,
): Promise<Meeting> {
  const isUnderWay = Promise.withResolvers<void>();
  const isReleased = Promise.withResolvers<void>();
  const isOver = Promise.withResolvers<void>();
  const meeting: Meeting[] = [];
  let updates = 0;
  const { watched } = bench;
  watched.before = async ({ op }) => {
    if (op !== "update") return;
    if (++updates === 1) {
      isUnderWay.resolve();
      return await isReleased.promise;
    }
    watched.before = undefined;
    try {
      await before?.(...meeting as [Meeting]);
    } finally {
      if (!after) isOver.resolve();
    }
  };
  watched.after = async ({ op }) => {
    if (op !== "update" || updates < 2) return;
    watched.after = undefined;
    try {
      await after?.(...meeting as [Meeting]);
    } finally {
      isOver.resolve();
    }
  };
  const first = fate(bench.act(cookie, act));
  await isUnderWay.promise;
  const earlier = ran;
  const here = come();
  meeting.push(here);
  await arrive(earlier + 1 + here.others.length);
  await pause(wait);
  ready?.(here);
  isReleased.resolve();
  assert.equal(await first, "kept");
  await isOver.promise;
  return here;
}

/** Another request comes, and waits for its turn. */
async function join(
  bench: StoreBench,
  cookie: string,
  { others }: Meeting,
  more?: Partial<SessionOptions>,
): Promise<void> {
  const earlier = ran;
  others.push(fate(visit(bench, cookie, add("d"), more)));
  await arrive(earlier + 1);
}

/** Waits until so many handlers have run, and want to have their work kept. */
async function arrive(count: number): Promise<void> {
  while (ran < count) await pause(2);
  await pause(20);
}

/** What was kept in the end, when nothing is on its way any more. */
async function readLater(bench: StoreBench, cookie: string) {
  await pause(50);
  return await bench.read(cookie);
}

describe("a write that was refused while it was on its way", () => {
  const acts: Record<string, Act> = {
    "a change": add("b"),
    "a login": (session) => session.login("ada"),
    "a regenerate()": (session) => {
      add("b")(session);
      session.regenerate();
    },
  };
  for (const [name, act] of Object.entries(acts)) {
    it(`is not kept, after its turn was waited for: ${name}`, async () => {
      const bench = begin(HURRIED);
      const cookie = await bench.begin();
      const { hurried } = await meet(
        bench,
        cookie,
        () => ({ hurried: fate(visit(bench, cookie, act)), others: [] }),
        { before: ({ hurried }) => hurried },
      );
      assert.equal(await hurried, "store-failed");
      assert.deepEqual(await readLater(bench, cookie), { name: "Ada", a: 1 });
      assert.equal(await bench.sessions.count("ada"), 0);
    });
  }

  for (const place of [0, 2]) {
    it(`is not kept by the patience of others, who are: ${place}`, async () => {
      const bench = begin();
      const cookie = await bench.begin();
      const { hurried, others } = await meet(
        bench,
        cookie,
        () => {
          const acts = [add("a"), add("c")].map((act) => ({ act, more: {} }));
          const all = acts.toSpliced(place, 0, { act: add("a"), more: HURRIED })
            .map(({ act, more }) => fate(visit(bench, cookie, act, more)));
          const [hurried] = all.splice(place, 1) as [Promise<string>];
          return { hurried, others: all };
        },
        {
          before: async ({ hurried }) => {
            await hurried;
            await pause(20);
          },
        },
      );
      assert.equal(await hurried, "store-failed");
      assert.deepEqual(await Promise.all(others), ["kept", "kept"]);
      assert.deepEqual(await readLater(bench, cookie), {
        name: "Ada",
        a: 2,
        c: 1,
      });
    });
  }

  it("is not kept where the answer to all is lost", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    const { hurried, others } = await meet(
      bench,
      cookie,
      () => ({
        hurried: fate(visit(bench, cookie, add("b"), HURRIED)),
        others: [fate(visit(bench, cookie, add("c")))],
      }),
      {
        after: async ({ hurried }) => {
          await hurried;
          throw LOST;
        },
      },
    );
    assert.equal(await hurried, "store-failed");
    assert.deepEqual(await Promise.all(others), ["kept"]);
    assert.deepEqual(await readLater(bench, cookie), {
      name: "Ada",
      a: 1,
      c: 1,
    });
  });

  it("is not kept where all are sent once more", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    const { hurried, others } = await meet(
      bench,
      cookie,
      () => ({
        hurried: fate(visit(bench, cookie, add("b"), HURRIED)),
        others: [fate(visit(bench, cookie, add("c")))],
      }),
      {
        before: async ({ hurried }) => {
          await hurried;
          throw LOST;
        },
      },
    );
    assert.equal(await hurried, "store-failed");
    assert.deepEqual(await Promise.all(others), ["kept"]);
    assert.deepEqual(await readLater(bench, cookie), {
      name: "Ada",
      a: 1,
      c: 1,
    });
  });

  it("is not kept where it arrives while all are sent once more", async () => {
    const inner = new MemoryStore();
    const bench = begin({}, () => inner);
    const cookie = await bench.begin();
    const { hurried, others } = await meet(
      bench,
      cookie,
      () => ({
        hurried: fate(visit(bench, cookie, add("b"), HURRIED)),
        others: [fate(visit(bench, cookie, add("c")))],
      }),
      {
        ready: ({ hurried }) => {
          const update = inner.update.bind(inner);
          // The first one arrives after its answer was lost, before the second.
          inner.update = async (...first) => {
            await hurried;
            inner.update = async (...second) => {
              inner.update = update;
              await update(...first);
              return await update(...second);
            };
            throw LOST;
          };
        },
      },
    );
    assert.equal(await hurried, "store-failed");
    assert.deepEqual(await Promise.all(others), ["kept"]);
    const data = { name: "Ada", a: 1, c: 1 };
    assert.deepEqual(await readLater(bench, cookie), data);
  });

  it("is not sent once more, as nobody waits for it", async () => {
    const bench = begin({ storeTimeout: 1 });
    const cookie = await bench.begin();
    const { hurried } = await meet(
      bench,
      cookie,
      () => ({ hurried: fate(visit(bench, cookie, add("b"))), others: [] }),
      {
        wait: 300,
        before: async ({ hurried }) => {
          bench.takeCalls();
          await hurried;
          await pause(30);
          throw LOST;
        },
      },
    );
    assert.equal(await hurried, "store-failed");
    await pause(50);
    assert.deepEqual(bench.takeCalls(), ["get"]);
  });

  it("leaves what is on top of it", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    const elsewhere = bench.wrap(async (_request, session) => {
      await add("elsewhere")(session);
      return new Response();
    }, { store: new Proxy(bench.watched.store, {}) });
    const { hurried, others } = await meet(
      bench,
      cookie,
      () => ({
        hurried: fate(visit(bench, cookie, add("b"), HURRIED)),
        others: [fate(visit(bench, cookie, add("c")))],
      }),
      {
        after: async (meeting) => {
          await meeting.hurried;
          await elsewhere(requestWith(cookie));
          await join(bench, cookie, meeting);
          throw LOST;
        },
      },
    );
    assert.equal(await hurried, "store-failed");
    assert.deepEqual(await Promise.all(others), ["kept", "kept"]);
    const { b: _, ...data } = await readLater(bench, cookie) ?? {};
    assert.deepEqual(data, { name: "Ada", a: 1, c: 1, d: 1, elsewhere: 1 });
  });

  it("is not what the next one is made on, while it is taken back", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    const { hurried, others } = await meet(
      bench,
      cookie,
      () => ({
        hurried: fate(visit(bench, cookie, add("b"), HURRIED)),
        others: [fate(visit(bench, cookie, add("c")))],
      }),
      {
        before: async (meeting) => {
          await meeting.hurried;
          await join(bench, cookie, meeting, { storeTimeout: 1 });
          bench.watched.before = once("get", () => meeting.others.at(-1));
        },
      },
    );
    assert.equal(await hurried, "store-failed");
    assert.deepEqual(await Promise.all(others), ["kept", "kept"]);
    const data = { name: "Ada", a: 1, c: 1, d: 1 };
    assert.deepEqual(await readLater(bench, cookie), data);
  });

  it("is not what a request goes by that reads it before it is taken back", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    const isRead = Promise.withResolvers<void>();
    const { hurried, others } = await meet(
      bench,
      cookie,
      () => ({
        hurried: fate(visit(bench, cookie, add("b"), HURRIED)),
        others: [fate(visit(bench, cookie, add("c")))],
      }),
      {
        before: async (meeting) => {
          await meeting.hurried;
          bench.watched.before = once("get", async () => {
            await join(bench, cookie, meeting);
            isRead.resolve();
          });
        },
      },
    );
    await isRead.promise;
    assert.equal(await hurried, "store-failed");
    assert.deepEqual(await Promise.all(others), ["kept", "kept"]);
    const data = { name: "Ada", a: 1, c: 1, d: 1 };
    assert.deepEqual(await readLater(bench, cookie), data);
  });

  it("stays where another one's changes cannot do without it", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    const isSet = Promise.withResolvers<void>();
    const name: Act = (session) => {
      session.set("name", "Bob");
      isSet.resolve();
    };
    const shout: Act = async (session) => {
      await isSet.promise;
      await pause(20);
      session.update("name", (name?: string) => {
        if (!name) throw new Error("No name");
        return `${name}!`;
      });
    };
    const { hurried, others } = await meet(
      bench,
      cookie,
      () => ({
        hurried: fate(visit(bench, cookie, name, HURRIED)),
        others: [fate(visit(bench, cookie, shout))],
      }),
      {
        act: (session) => session.delete("name"),
        wait: 40,
        before: ({ hurried }) => hurried,
      },
    );
    assert.equal(await hurried, "store-failed");
    assert.deepEqual(await Promise.all(others), ["kept"]);
    assert.deepEqual(await readLater(bench, cookie), { name: "Bob!" });
  });

  it("is kept once by a save() that tries again", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    const isRefused = Promise.withResolvers<void>();
    const { hurried, others } = await meet(
      bench,
      cookie,
      () => ({
        hurried: fate(visit(bench, cookie, async (session) => {
          await add("b")(session);
          await assert.rejects(session.save(), { code: "store-failed" });
          isRefused.resolve();
          await session.save();
        }, HURRIED)),
        others: [fate(visit(bench, cookie, add("c")))],
      }),
      {
        before: async () => {
          await isRefused.promise;
          await pause(20);
        },
      },
    );
    assert.equal(await hurried, "kept");
    assert.deepEqual(await Promise.all(others), ["kept"]);
    const data = { name: "Ada", a: 1, b: 1, c: 1 };
    assert.deepEqual(await readLater(bench, cookie), data);
  });

  it("is kept for a save() that has found it meanwhile", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    const { hurried, others } = await meet(
      bench,
      cookie,
      () => ({
        hurried: fate(visit(bench, cookie, async (session) => {
          await add("b")(session);
          await assert.rejects(session.save(), { code: "store-failed" });
          await session.save();
        }, HURRIED)),
        others: [fate(visit(bench, cookie, add("c")))],
      }),
      {
        after: async (meeting) => {
          await meeting.hurried;
          await join(bench, cookie, meeting);
        },
      },
    );
    assert.equal(await hurried, "kept");
    assert.deepEqual(await Promise.all(others), ["kept", "kept"]);
    const data = { name: "Ada", a: 1, b: 1, c: 1, d: 1 };
    assert.deepEqual(await readLater(bench, cookie), data);
  });
});

describe("a write that was refused while a late store had it", () => {
  it("stays, as nobody can say what is on top", async () => {
    const bench = begin({}, () => new LateStore(90));
    const cookie = await bench.begin();
    const { hurried, others } = await meet(
      bench,
      cookie,
      () => ({
        hurried: fate(visit(bench, cookie, add("b"), HURRIED)),
        others: [fate(visit(bench, cookie, add("c")))],
      }),
      {
        before: async (meeting) => {
          await meeting.hurried;
          await join(bench, cookie, meeting);
          bench.takeCalls();
        },
      },
    );
    assert.equal(await hurried, "store-failed");
    assert.deepEqual(await Promise.all(others), ["kept", "kept"]);
    await pause(50);
    assert.deepEqual(bench.takeCalls(), ["update"]);
  });
});

describe("a write that is refused before it is sent", () => {
  const stores: Record<string, (now: () => number) => SessionStore> = {
    strong: (now) => new MemoryStore({ now }),
    late: () => new LateStore(90),
  };
  for (const [name, open] of Object.entries(stores)) {
    it(`has no part in that of others, in a store that is ${name}`, async () => {
      const bench = begin({}, open);
      const cookie = await bench.begin();
      let refused: Promise<string> | undefined;
      const validate = async (value: unknown) => {
        await refused;
        return { value };
      };
      const schema = { "~standard": { version: 1, vendor: "test", validate } };
      let kept: Promise<Response> | undefined;
      const { hurried, others } = await meet(
        bench,
        cookie,
        () => {
          const hurried = fate(visit(bench, cookie, add("b"), HURRIED));
          kept = visit(bench, cookie, add("c"), { schema } as object);
          return { hurried, others: [fate(kept)] };
        },
        {
          ready: (meeting) => {
            refused = meeting.hurried;
            bench.takeCalls();
          },
        },
      );
      assert.equal(await hurried, "store-failed");
      assert.deepEqual(await Promise.all(others), ["kept"]);
      await pause(50);
      assert.deepEqual(bench.takeCalls(), ["update"]);
      const newest = name === "late"
        ? cookieOf(await kept as Response)
        : cookie;
      const data = { name: "Ada", a: 1, c: 1 };
      assert.deepEqual(await bench.read(newest), data);
    });
  }
});
