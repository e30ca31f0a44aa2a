import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Budget, makeBudget } from "../../readers/shared/budget.ts";

const NOW = 1_800_000_000_000;

/** Work that ends when the test says so. */
function makeWork(budget: Budget) {
  const begun: string[] = [];
  const ends = new Map<string, (isDue: boolean) => void>();
  return {
    begun,
    async do(name: string, now: number = NOW): Promise<string> {
      let isGood = false;
      return await budget(
        now,
        async () => {
          begun.push(name);
          isGood = await new Promise<boolean>((end) => ends.set(name, end));
          return name;
        },
        () => Promise.resolve(isGood),
      );
    },
    end(name: string, isDue: boolean): void {
      ends.get(name)?.(isDue);
      ends.delete(name);
    },
  };
}

/** Lets everything go on that waits for nothing but promises. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

async function waste(budget: Budget, now: number = NOW): Promise<boolean> {
  try {
    await budget(now, () => Promise.resolve(1), () => Promise.resolve(false));
    return true;
  } catch (error) {
    assert.equal((error as Error).message, "too much");
    return false;
  }
}

async function countWasted(budget: Budget, now: number): Promise<number> {
  let count = 0;
  while (await waste(budget, now)) count++;
  return count;
}

describe("makeBudget()", () => {
  it("lets so much be in vain at once, and so much more with each second", async () => {
    const budget = makeBudget(5, 2, "too much");
    assert.equal(await countWasted(budget, NOW), 5);
    assert.equal(await countWasted(budget, NOW + 499), 0);
    assert.equal(await countWasted(budget, NOW + 500), 1);
    assert.equal(await countWasted(budget, NOW + 1500), 2);
    assert.equal(await countWasted(budget, NOW + 3_600_000), 5);
  });

  it("lets all be done that is for somebody", async () => {
    const budget = makeBudget(5, 2, "too much");
    for (let i = 0; i < 100; i++) {
      await budget(NOW, () => Promise.resolve(1), () => Promise.resolve(true));
    }
    assert.equal(await countWasted(budget, NOW), 5);
  });

  it("has never more left than at first", async () => {
    const budget = makeBudget(2, 1, "too much");
    const work = makeWork(budget);
    const first = work.do("a");
    const second = work.do("b", NOW + 3_600_000);
    await settle();
    work.end("a", true);
    work.end("b", true);
    await Promise.all([first, second]);
    assert.equal(await countWasted(budget, NOW + 3_600_000), 2);
  });

  it("fills nothing when a clock is set back, and goes on from there", async () => {
    const budget = makeBudget(5, 2, "too much");
    assert.equal(await countWasted(budget, NOW), 5);
    assert.equal(await countWasted(budget, NOW - 3_600_000), 0);
    assert.equal(await countWasted(budget, NOW - 3_599_000), 2);
  });

  it("counts what fails as in vain", async () => {
    const budget = makeBudget(2, 1, "too much");
    const fail = () => Promise.reject(new Error("broken"));
    const due = () => Promise.resolve(true);
    await assert.rejects(budget(NOW, fail, due), { message: "broken" });
    assert.equal(await countWasted(budget, NOW), 1);
  });

  it("has what comes wait for what nobody knows yet, in its turn", async () => {
    const budget = makeBudget(2, 1, "too much");
    const work = makeWork(budget);
    const all = ["a", "b", "c", "d"].map((name) => work.do(name));
    await settle();
    assert.deepEqual(work.begun, ["a", "b"]);
    work.end("b", true);
    await settle();
    assert.deepEqual(work.begun, ["a", "b", "c"]);
    work.end("a", true);
    await settle();
    assert.deepEqual(work.begun, ["a", "b", "c", "d"]);
    work.end("c", true);
    work.end("d", true);
    assert.deepEqual(await Promise.all(all), ["a", "b", "c", "d"]);
    assert.equal(await countWasted(budget, NOW), 2);
  });

  it("refuses who waits once all was in vain, and begins nothing", async () => {
    const budget = makeBudget(2, 1, "too much");
    const work = makeWork(budget);
    const all = Promise.allSettled(
      ["a", "b", "c", "d", "e"].map((name) => work.do(name)),
    );
    await settle();
    work.end("a", false);
    await settle();
    assert.deepEqual(work.begun, ["a", "b"]);
    work.end("b", false);
    const ends = (await all).map(({ status }) => status);
    assert.deepEqual(ends, [
      "fulfilled",
      "fulfilled",
      "rejected",
      "rejected",
      "rejected",
    ]);
    assert.deepEqual(work.begun, ["a", "b"]);
    const next = work.do("f", NOW + 1000);
    await settle();
    work.end("f", true);
    assert.equal(await next, "f");
  });

  it("lets who waits go on with what a later one has filled", async () => {
    const budget = makeBudget(1, 1, "too much");
    const work = makeWork(budget);
    const first = work.do("a");
    const second = work.do("b");
    await settle();
    const third = work.do("c", NOW + 1000);
    await settle();
    assert.deepEqual(work.begun, ["a", "c"]);
    work.end("c", true);
    await settle();
    assert.deepEqual(work.begun, ["a", "c", "b"]);
    work.end("a", false);
    work.end("b", true);
    assert.deepEqual(await Promise.all([first, second, third]), [
      "a",
      "b",
      "c",
    ]);
  });
});
