import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Settings } from "../../src/options/settings.ts";
import { tickNow } from "../../src/session/known.ts";
import {
  noteSuccessor,
  noteTwin,
  type Successor,
  successorsOf,
} from "../../src/store/successors.ts";

// Which sessions of a late store end with another one, as far as one process
// knows them.

type Next = Omit<Successor, "tick">;

function begin() {
  const settings = { store: {}, now: () => 0 } as unknown as Settings;
  const next = (name: string, isLogin = false): Next => ({
    name,
    user: "",
    createdAt: 0,
    isLogin,
  });
  return {
    next,
    settings,
    follow: (from: string, ...names: string[]) => {
      for (const name of names) noteSuccessor(settings, from, next(name));
    },
    logIn: (from: string, name: string) =>
      noteSuccessor(settings, from, next(name, true)),
    endsWith: (name: string, tick = 0) =>
      successorsOf(settings, name, tick).map((each) => each.name),
  };
}

describe("the sessions that end with another one", () => {
  it("are those that it goes on in, and not what these have left", () => {
    const { follow, endsWith } = begin();
    follow("a", "b", "c");
    for (const [from, to] of ["cd", "de", "ef", "fg", "gh"]) {
      follow(from as string, to as string);
    }
    assert.deepEqual(endsWith("h"), ["b"]);
    assert.deepEqual(endsWith("a"), ["b", "h"]);
  });

  it("are the five latest", () => {
    const { follow, endsWith } = begin();
    follow("a", "b", "c", "d", "e", "f", "g", "h");
    assert.deepEqual(endsWith("a"), ["d", "e", "f", "g", "h"]);
  });

  it("are five with what has come from logins, too", () => {
    const { follow, logIn, endsWith } = begin();
    follow("a", "b", "c", "d");
    logIn("a", "l");
    follow("l", "m", "n", "o");
    assert.deepEqual(endsWith("a"), ["b", "c", "d", "l", "m"]);
  });

  it("are the five latest of logins that were made at a time", () => {
    const { settings, next, logIn, endsWith } = begin();
    logIn("a", "b");
    const twin = { ...next("b", true), tick: tickNow() };
    for (const name of ["c", "d", "e", "f", "g", "h"]) {
      noteTwin(settings, twin, next(name, true));
    }
    assert.deepEqual(endsWith("b"), ["d", "e", "f", "g", "h"]);
  });

  it("are those of logins after a tick, and not of that one", () => {
    const { logIn, endsWith } = begin();
    logIn("a", "b");
    assert.deepEqual(endsWith("a", tickNow()), []);
    assert.deepEqual(endsWith("a", tickNow() - 1), ["b"]);
  });
});
