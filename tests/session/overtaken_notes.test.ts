import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { noteNext, tickNow } from "../../src/session/known.ts";
import {
  isCarriedAfter,
  noteCookie,
  noteFloor,
  noteTurn,
  overtakenAfter,
  pastTurn,
  turnAfter,
  turnsAfter,
} from "../../src/session/overtaken.ts";

// What a process remembers of the sessions that it has ended or renewed.

describe("what became of a session", () => {
  const begin = () =>
    ({ store: {}, now: () => 1_000 }) as unknown as Parameters<
      typeof noteTurn
    >[0];

  it("is found though others have gone on since", () => {
    const settings = begin();
    noteNext(settings, "first", "next");
    noteTurn(settings, "next", "ended");
    for (let i = 0; i < 10_000; i++) noteNext(settings, `a${i}`, `b${i}`);
    assert.equal(turnAfter(settings, "next", 0)?.kind, "ended");
  });

  it("is no lesser event that came later", () => {
    const settings = begin();
    noteTurn(settings, "a", "ended");
    for (let i = 0; i < 200; i++) {
      noteTurn(settings, "a", "left", { generation: i });
    }
    assert.equal(overtakenAfter(settings, "a", 0)?.kind, "ended");
  });

  it("is kept for a hundred events, and what decides least goes first", () => {
    const settings = begin();
    const start = noteTurn(settings, "a", "login", { generation: 1 });
    for (let i = 2; i <= 99; i++) {
      noteTurn(settings, "a", "login", { generation: i });
    }
    noteTurn(settings, "a", "left", { generation: 1 });
    assert.equal(turnsAfter(settings, "a", 0).length, 100);
    noteTurn(settings, "a", "login", { generation: 100 });
    const kinds = () => turnsAfter(settings, "a", 0).map(({ kind }) => kind);
    assert.equal(kinds().length, 100);
    assert.ok(!kinds().includes("left"));
    noteTurn(settings, "a", "login", { generation: 101 });
    const numbers = turnsAfter(settings, "a", 0).map((turn) => turn.generation);
    assert.deepEqual([numbers.length, numbers[0]], [100, 2]);
    start();
    assert.equal(turnsAfter(settings, "a", 0).length, 100);
  });

  it("is noted once, by its latest tick, if it happens again", () => {
    const settings = begin();
    noteTurn(settings, "a", "left");
    const tick = tickNow();
    noteTurn(settings, "a", "left");
    assert.equal(turnsAfter(settings, "a", 0).length, 1);
    assert.equal(turnsAfter(settings, "a", tick).length, 1);
  });

  it("is kept for ten thousand sessions, of which the oldest goes first", () => {
    const settings = begin();
    for (const name of ["a", "b"]) noteTurn(settings, name, "ended");
    noteTurn(settings, "a", "ended");
    for (let i = 0; i < 9_998; i++) noteTurn(settings, `n${i}`, "ended");
    const isKnown = (name: string) => !!turnAfter(settings, name, 0);
    assert.deepEqual([isKnown("a"), isKnown("b")], [true, true]);
    noteTurn(settings, "last", "ended");
    assert.deepEqual([isKnown("a"), isKnown("b")], [true, false]);
  });

  it("is the strongest of what happened, whatever came last", () => {
    const kinds = ["left", "replaced", "login", "revoked", "ended"] as const;
    for (let i = 1; i < kinds.length; i++) {
      for (const [one, other] of [[i, i - 1], [i - 1, i]]) {
        const settings = begin();
        noteTurn(settings, "a", kinds[one as number]!);
        noteTurn(settings, "a", kinds[other as number]!);
        assert.equal(turnAfter(settings, "a", 0)?.kind, kinds[i]);
      }
    }
  });

  it("counts for what came from it, if its visitor did it", () => {
    const settings = begin();
    noteTurn(settings, "next", "revoked");
    noteNext(settings, "first", "next");
    noteTurn(settings, "first", "left");
    noteNext(settings, "first", "other");
    assert.equal(overtakenAfter(settings, "next", 0)?.kind, "revoked");
    assert.equal(overtakenAfter(settings, "other", 0), undefined);
    noteTurn(settings, "other", "ended");
    assert.equal(overtakenAfter(settings, "first", 0)?.kind, "ended");
  });

  it("stays if it is noted again, and only the later note is taken back", () => {
    const settings = begin();
    const ended = () => turnAfter(settings, "a", 0)?.kind;
    const first = noteTurn(settings, "a", "ended");
    noteTurn(settings, "a", "ended", { isSure: false })();
    assert.equal(ended(), "ended");
    noteTurn(settings, "a", "ended");
    first();
    assert.equal(ended(), "ended");
  });

  it("is taken back by itself, in any order", () => {
    const settings = begin();
    const note = () => noteTurn(settings, "a", "left", { isSure: false });
    const [first, second] = [note(), note()];
    first();
    assert.equal(turnAfter(settings, "a", 0)?.kind, "left");
    second();
    assert.equal(turnAfter(settings, "a", 0), undefined);
  });

  it("is another session's only if its visitor did it", () => {
    const settings = begin();
    noteNext(settings, "first", "one");
    noteNext(settings, "first", "other");
    noteTurn(settings, "one", "ended");
    assert.equal(turnAfter(settings, "first", 0), undefined);
    assert.equal(pastTurn(settings, "other")?.kind, "ended");
    noteNext(settings, "start", "next");
    noteTurn(settings, "next", "replaced");
    // Another session in the browser is no reason for one that came from it.
    assert.equal(pastTurn(settings, "start"), undefined);
    assert.equal(pastTurn(settings, "next")?.kind, "replaced");
  });

  it("is read of its record, as long as no later one says otherwise", () => {
    const settings = begin();
    const known = () =>
      turnsAfter(settings, "a", 0).map(({ kind, generation }) =>
        `${kind} ${generation}`
      );
    // What nobody was refused for is not noted.
    noteFloor(settings, "a", { floor: 1, revision: 1 }, false);
    assert.deepEqual(known(), []);
    noteFloor(settings, "a", { floor: 3, revision: 2 }, true);
    assert.deepEqual(known(), ["read 3"]);
    // Not once more, and nothing less.
    noteFloor(settings, "a", { floor: 3, revision: 2 }, true);
    noteFloor(settings, "a", { floor: 2, revision: 2 }, true);
    noteFloor(settings, "a", { floor: 2, revision: 1 }, true);
    assert.deepEqual(known(), ["read 3"]);
    // The same record takes nothing back, a later one with less does.
    noteFloor(settings, "a", { floor: 2, revision: 2 }, false);
    noteFloor(settings, "a", { floor: 3, revision: 3 }, false);
    assert.deepEqual(known(), ["read 3"]);
    noteFloor(settings, "a", { floor: 2, revision: 3 }, false);
    assert.deepEqual(known(), []);
    noteFloor(settings, "a", { floor: 3, revision: 4 }, true);
    noteFloor(settings, "a", { floor: 4, revision: 4 }, true);
    assert.deepEqual(known(), ["read 3", "read 4"]);
    // A later record says it again, so that none before it takes it back.
    noteFloor(settings, "a", { floor: 4, revision: 8 }, true);
    noteFloor(settings, "a", { floor: 3, revision: 7 }, false);
    assert.deepEqual(known(), ["read 3", "read 4"]);
    noteFloor(settings, "a", { floor: 4, revision: 5 }, true);
    assert.deepEqual(known(), ["read 3", "read 4"]);
  });

  it("is not forgotten for a record, if this process has done it", () => {
    const settings = begin();
    noteTurn(settings, "a", "login", { generation: 5 });
    noteFloor(settings, "a", { floor: 2, revision: 9 }, false);
    assert.equal(turnAfter(settings, "a", 0)?.kind, "login");
    // It says as much as a record that was read before.
    noteFloor(settings, "a", { floor: 5, revision: 9 }, true);
    assert.equal(turnsAfter(settings, "a", 0).length, 1);
    noteFloor(settings, "none", { floor: 2, revision: 9 }, false);
    assert.deepEqual(turnsAfter(settings, "none", 0), []);
  });

  it("is carried by a cookie if that was made after the write", () => {
    const settings = begin();
    assert.equal(isCarriedAfter(settings, "a", 0), false);
    noteCookie(settings, "a", 5);
    noteCookie(settings, "a", 3);
    const isCarried = [4, 5, 6].map((tick) =>
      isCarriedAfter(settings, "a", tick)
    );
    assert.deepEqual(isCarried, [true, false, false]);
  });
});
