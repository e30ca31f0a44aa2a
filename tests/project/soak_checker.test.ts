import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { check } from "../../proofs/soak/check.ts";
import type { History, Left, Op, Seen } from "../../proofs/soak/history.ts";

// Histories made by hand, good ones and one for each way in which a promise can
// break. Times are whole numbers; the browser is `a` unless it says more.

let clicks = 0;

/** A request that was acknowledged, from `began` to `ended`. */
function op(began: number, ended: number, more: Partial<Op> = {}): Op {
  const mark = more.mark ?? `m${clicks++}`;
  return {
    browser: "a",
    kind: "save",
    outcome: "ok",
    began,
    ended,
    ...more,
    mark,
  };
}

/** A write of a mark, and the list that its answer shows. */
function save(
  began: number,
  ended: number,
  log: readonly string[],
  more: Partial<Op> = {},
): Op {
  return op(began, ended, { mark: log.at(-1) ?? "", seen: seen(log), ...more });
}

function read(
  began: number,
  ended: number,
  log: readonly string[],
  more: Partial<Op> = {},
): Op {
  return op(began, ended, { kind: "read", seen: seen(log), ...more });
}

/** A write that failed. */
function failed(
  began: number,
  ended: number,
  mark: string,
  more: Partial<Op> = {},
): Op {
  return op(began, ended, { mark, outcome: "unknown", ...more });
}

function seen(log: readonly string[], more: Partial<Seen> = {}): Seen {
  return { id: "S", first: log[0], log, count: log.length, ...more };
}

function left(log: readonly string[], more: Partial<Left> = {}): Left {
  return { id: "S", log, count: log.length, notices: [], ...more };
}

/** The names of the rules that a history breaks. */
function rulesOf(
  ops: readonly Op[],
  records: readonly Left[] = [],
  more: Partial<History> = {},
): string[] {
  const history = { ops, left: records, drops: false, ...more };
  const { breaks } = check(history);
  return [...new Set(breaks.map(({ rule }) => rule))].toSorted();
}

describe("the checker of the soak accepts", () => {
  it("writes and reads one after the other", () => {
    const ops = [
      save(0, 1, ["x"]),
      save(2, 3, ["x", "y"]),
      read(4, 5, ["x", "y"]),
    ];
    assert.deepEqual(rulesOf(ops, [left(["x", "y"])]), []);
  });

  it("either order of what runs at the same time", () => {
    for (const order of [["x", "y", "z"], ["x", "z", "y"]]) {
      const place = (mark: string) => order.slice(0, order.indexOf(mark) + 1);
      const ops = [
        save(0, 1, ["x"]),
        save(2, 9, place("y")),
        save(3, 8, place("z")),
        read(4, 7, ["x"]),
      ];
      assert.deepEqual(rulesOf(ops, [left(order)]), []);
    }
  });

  it("a write that failed, once or not at all", () => {
    const ops = [save(0, 1, ["x"]), failed(2, 3, "y")];
    assert.deepEqual(rulesOf(ops, [left(["x"])]), []);
    assert.deepEqual(rulesOf(ops, [left(["x", "y"])]), []);
  });

  it("a write that failed and is seen until it is taken back", () => {
    const ops = [
      save(0, 1, ["x"]),
      failed(2, 3, "y"),
      read(4, 5, ["x", "y"]),
      save(6, 7, ["x", "z"]),
    ];
    const { breaks, figures } = check({
      ops,
      left: [left(["x", "z"])],
      drops: false,
    });
    assert.deepEqual(breaks, []);
    assert.equal(figures.dirty, 1);
  });

  it("a write beside one that has failed in it, and is taken back", () => {
    const ops = [
      save(0, 1, ["x"]),
      failed(2, 5, "y"),
      save(3, 6, ["x", "y", "z"]),
      read(5, 6, ["x", "y", "z"]),
      save(7, 8, ["x", "z", "w"]),
    ];
    for (const there of [[], [left(["x", "z", "w"])]]) {
      const { breaks, figures } = check({ ops, left: there, drops: false });
      const broken = breaks.filter(({ rule }) => rule !== "lost session");
      assert.deepEqual(broken, []);
      assert.equal(figures.dirty, 2);
    }
  });

  it("a mark twice if the record has forgotten its write", () => {
    const others = Array.from({ length: 9 }, (_, n) => `o${n}`);
    const all = ["x", ...others, "x"];
    const ops = others.map((mark) => failed(0, 1, mark));
    const { breaks, figures } = check({
      ops: [...ops, save(0, 9, all)],
      left: [left(all)],
      drops: false,
    });
    assert.deepEqual(breaks, []);
    assert.equal(figures.forgotten, 1);
  });

  it("a session that has ended, or whose end nobody knows of", () => {
    const end = op(2, 3, { kind: "logout", seen: { id: "S", ended: "S" } });
    const other = read(4, 5, [], { seen: { id: "T", log: [], count: 0 } });
    assert.deepEqual(rulesOf([save(0, 1, ["x"]), end, other]), []);
    const doubt = failed(2, 3, "e", { kind: "logout", sent: "S" });
    const ops = [save(0, 1, ["x"]), doubt];
    assert.deepEqual(rulesOf(ops), []);
    assert.deepEqual(rulesOf(ops, [left(["x"])]), []);
  });

  it("a session that was ended by its cookie of before a regenerate()", () => {
    const other = { seen: { id: "T", log: [], count: 0 }, sent: "S" };
    const first = save(0, 1, ["x"]);
    const end = op(4, 6, { kind: "logout", ...other });
    const next = save(2, 5, ["x", "y"], { kind: "regenerate", sent: "S" });
    assert.deepEqual(rulesOf([first, next, end]), []);
    // Without that, it ends nothing that the handler does not see.
    assert.deepEqual(rulesOf([first, end]), ["logged out", "lost session"]);
  });

  it("the end of a session whose login had no answer", () => {
    const user = "u";
    const login = failed(2, 3, "l", { kind: "login", sent: "S", user });
    const end = op(4, 5, { kind: "revokeAll", user, seen: { id: "T" } });
    const ops = [save(0, 1, ["x"]), login, end];
    assert.deepEqual(rulesOf(ops), []);
    assert.deepEqual(rulesOf(ops, [left(["x"])]), []);
  });

  it("a session that a login has begun anew, as somebody ended it", () => {
    const guest = save(0, 1, ["x"]);
    const everywhere = op(3, 4, { kind: "revokeAll", user: "ann" });
    const login = save(2, 6, ["x", "y"], {
      kind: "login",
      user: "ann",
      sent: "S",
      seen: seen(["x", "y"], { id: "T", user: "ann" }),
    });
    const there = [left(["x", "y"], { id: "T", user: "ann" })];
    assert.deepEqual(rulesOf([guest, login, everywhere], there), []);
    assert.deepEqual(rulesOf([guest, login], there), [
      "logged out",
      "lost session",
    ]);
  });

  it("that a cache drops whole sessions, and nothing less", () => {
    const ops = [save(0, 1, ["x"]), save(2, 3, ["x", "y"])];
    assert.deepEqual(rulesOf(ops, [], { drops: true }), []);
    const less = [left(["x"])];
    const rules = rulesOf(ops, less, { drops: true });
    assert.ok(rules.includes("lost update"), rules.join());
  });

  it("what a failover may lose, in its time and at no other", () => {
    const ops = [save(0, 1, ["x"]), save(10, 11, ["x", "y"])];
    const losses = [{ from: 10, to: 12 }];
    assert.deepEqual(rulesOf(ops, [left(["x"])], { losses }), []);
    assert.deepEqual(rulesOf(ops, [], { losses }), ["lost session"]);
  });
});

describe("the checker of the soak finds", () => {
  it("a lost update", () => {
    const ops = [
      save(0, 1, ["x"]),
      save(2, 9, ["x", "y"]),
      op(3, 8, {
        mark: "z",
        kind: "append",
        seen: { id: "S", first: "x" },
      }),
    ];
    assert.deepEqual(rulesOf(ops, [left(["x", "y"])]), ["lost update"]);
  });

  it("a lost update in a session that has ended since", () => {
    const append = op(2, 3, {
      mark: "z",
      kind: "append",
      seen: { id: "S", first: "x" },
    });
    const ops = [
      save(0, 1, ["x"]),
      append,
      save(4, 5, ["x", "y"]),
      op(6, 7, { kind: "logout", seen: { id: "S", ended: "S" } }),
    ];
    assert.deepEqual(rulesOf(ops), ["lost update"]);
  });

  it("a stale read after an acknowledgement", () => {
    const ops = [
      save(0, 1, ["x"]),
      save(2, 3, ["x", "y"]),
      read(4, 5, ["x"]),
    ];
    assert.deepEqual(rulesOf(ops, [left(["x", "y"])]), ["stale read"]);
  });

  it("reads that go back", () => {
    const ops = [
      save(0, 1, ["x"]),
      failed(2, 3, "y"),
      read(4, 5, ["x", "y"]),
      read(6, 7, ["x"]),
    ];
    assert.deepEqual(rulesOf(ops, [left(["x", "y"])]), ["stale read"]);
  });

  it("a write that counts twice", () => {
    const ops = [save(0, 1, ["x"]), failed(2, 3, "y")];
    const twice = [left(["x", "y", "y"])];
    assert.deepEqual(rulesOf(ops, twice), ["counted twice"]);
  });

  it("a fork", () => {
    const ops = [
      save(0, 1, ["x"]),
      save(2, 9, ["x", "y"]),
      save(3, 8, ["x", "z"]),
    ];
    const rules = rulesOf(ops, [left(["x", "y"])]);
    assert.ok(rules.includes("two orders"), rules.join());
    const ended = op(10, 11, {
      kind: "logout",
      seen: { id: "S", ended: "S" },
    });
    assert.ok(rulesOf([...ops, ended]).includes("two orders"));
  });

  it("a failed write that is gone after another was made on top", () => {
    const ops = [
      save(0, 1, ["x"]),
      failed(2, 3, "y"),
      save(4, 6, ["x", "y", "z"]),
      save(7, 8, ["x", "z", "w"]),
    ];
    const rules = rulesOf(ops, [left(["x", "z", "w"])]);
    assert.ok(rules.includes("two orders"), rules.join());
  });

  it("an order that is not that of time", () => {
    const append = (began: number, ended: number, mark: string) =>
      op(began, ended, { mark, kind: "append", seen: { id: "S", first: "x" } });
    const ops = [save(0, 1, ["x"]), append(2, 3, "y"), append(4, 5, "z")];
    const rules = rulesOf(ops, [left(["x", "z", "y"])]);
    assert.deepEqual(rules, ["written before"]);
  });

  it("a write that was refused and kept", () => {
    const ops = [
      save(0, 1, ["x"]),
      failed(2, 3, "y", { outcome: "refused" }),
    ];
    assert.deepEqual(rulesOf(ops, [left(["x", "y"])]), ["refused and kept"]);
  });

  it("half a write", () => {
    const ops = [save(0, 1, ["x"], { seen: seen(["x"], { count: 2 }) })];
    assert.deepEqual(rulesOf(ops, [left(["x"])]), ["half a write"]);
  });

  it("an undone logout", () => {
    const end = op(2, 3, { kind: "logout", seen: { id: "S", ended: "S" } });
    const ops = [save(0, 1, ["x"]), end];
    const again = read(4, 5, ["x"], { isProbe: true });
    assert.deepEqual(rulesOf([...ops, again]), ["undone end"]);
    assert.deepEqual(rulesOf(ops, [left(["x"])]), ["undone end"]);
  });

  it("a logout everywhere that leaves a session", () => {
    const login = save(0, 1, ["x"], {
      kind: "login",
      seen: seen(["x"], { user: "u" }),
    });
    const end = op(2, 3, {
      browser: "b",
      kind: "revokeAll",
      user: "u",
      seen: { id: "T" },
    });
    const user = { user: "u" };
    const records = [left(["x"], user)];
    assert.deepEqual(rulesOf([login, end], records), ["undone end"]);
    const stays = { ...end, except: "S" };
    assert.deepEqual(rulesOf([login, stays], records), []);
    // A login at the same time may be ended, or not.
    const meanwhile = { ...login, ended: 3 };
    assert.deepEqual(rulesOf([meanwhile, end], records), []);
    assert.deepEqual(rulesOf([meanwhile, end]), []);
  });

  it("a session that is lost", () => {
    assert.deepEqual(rulesOf([save(0, 1, ["x"])]), ["lost session"]);
  });

  it("a visitor who is logged out for no reason", () => {
    const other = read(4, 5, [], {
      sent: "S",
      seen: { id: "T", log: [], count: 0 },
    });
    const ops = [save(0, 1, ["x"]), other];
    assert.deepEqual(rulesOf(ops, [left(["x"])]), ["logged out"]);
    const login = failed(2, 3, "l", { kind: "login" });
    assert.deepEqual(rulesOf([...ops, login], [left(["x"])]), []);
  });

  it("a logout everywhere before a later one that is certain", () => {
    const user = "u";
    const login = save(0, 3, ["x"], {
      kind: "login",
      seen: seen(["x"], { user }),
    });
    const everywhere = (began: number) =>
      op(began, began + 3, {
        browser: "b",
        kind: "revokeAll",
        user,
        seen: { id: "T" },
      });
    const other = read(6, 7, [], { sent: "S", seen: seen([], { id: "U" }) });
    assert.deepEqual(rulesOf([login, everywhere(2), other, everywhere(8)]), []);
    assert.deepEqual(rulesOf([login, other, everywhere(8)]), ["logged out"]);
  });

  it("a cookie from before a login", () => {
    const probe = read(4, 5, ["x"], { burned: "S", isProbe: true });
    const ops = [save(0, 1, ["x"]), probe];
    assert.deepEqual(rulesOf(ops, [left(["x"])]), ["old cookie"]);
  });

  it("another's data", () => {
    const ops = [
      save(0, 1, ["x"]),
      save(0, 1, ["y"], { browser: "b", seen: seen(["y"], { id: "T" }) }),
      read(2, 3, ["x", "y"]),
    ];
    const records = [left(["x", "y"]), left(["y"], { id: "T" })];
    const rules = rulesOf(ops, records);
    assert.ok(rules.includes("another's data"), rules.join());
  });

  it("data of the user before", () => {
    const ops = [
      save(0, 1, ["x"], { seen: seen(["x"], { user: "u" }) }),
      save(2, 3, ["y", "x", "z"], {
        kind: "switch",
        seen: seen(["y", "x", "z"], { user: "v" }),
      }),
      failed(0, 1, "y"),
    ];
    const rules = rulesOf(ops, [left(["y", "x", "z"])]);
    assert.ok(rules.includes("another's data"), rules.join());
  });

  it("a list that goes from one user to the next", () => {
    const as = (user: string) => ({ user });
    const ops = [
      save(0, 1, ["x"]),
      save(2, 3, ["x", "y"], { seen: seen(["x", "y"], as("u")) }),
    ];
    const records = [left(["x", "y"], as("u"))];
    assert.deepEqual(rulesOf(ops, records), []);
    const other = read(4, 5, ["x", "y"], {
      seen: seen(["x", "y"], as("v")),
    });
    assert.deepEqual(rulesOf([...ops, other], records), ["another's data"]);
  });

  it("notices that are lost, or come again", () => {
    const flash = save(0, 1, ["f"], { kind: "flash" });
    const take = (began: number, log: string[], notices: string[]) =>
      save(began, began + 1, log, {
        kind: "flashes",
        seen: seen(log, { notices }),
      });
    const first = take(2, ["f", "g"], ["f"]);
    const second = take(4, ["f", "g", "h"], ["f"]);
    const end = [left(["f", "g", "h"])];
    assert.deepEqual(rulesOf([flash, first, second], end), ["notice again"]);
    const empty = take(2, ["f", "g"], []);
    const none = [left(["f", "g"])];
    assert.deepEqual(rulesOf([flash, empty], none), ["lost notice"]);
    assert.deepEqual(rulesOf([flash, first], none), []);
  });

  it("lists with what has ended, or without what has not", () => {
    const login = save(0, 1, ["x"], {
      kind: "login",
      seen: seen(["x"], { user: "u" }),
    });
    const list = (ids: string[]) =>
      op(4, 5, { kind: "list", user: "u", seen: { id: "T", ids } });
    const records = [left(["x"], { user: "u" })];
    assert.deepEqual(rulesOf([login, list([])], records), ["not listed"]);
    assert.deepEqual(rulesOf([login, list(["S"])], records), []);
    const end = op(2, 3, { kind: "logout", seen: { id: "S", ended: "S" } });
    assert.deepEqual(rulesOf([login, end, list(["S"])]), ["undone end"]);
  });

  it("more records than failed requests can have left", () => {
    const records = [left(["x"]), left(["q"], { id: "Q" })];
    assert.deepEqual(rulesOf([save(0, 1, ["x"])], records), ["orphans"]);
  });
});
