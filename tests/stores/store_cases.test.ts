import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  checkKey,
  type SessionRecord,
  type SessionStore,
  type UpdateResult,
} from "../../src/store/contract.ts";
import {
  backEndCases,
  createClock,
  describeStore,
  runStoreCase,
  type StoreCase,
  storeCases,
  type StoreHarness,
} from "../../testing.ts";
import { casesWithout } from "../../testing/describe_store.ts";
import { faults, rightStores } from "./_faults.ts";
import { openChanged } from "./_faulty.ts";

const OPTIONAL = ["touch", "listByUser", "count", "deleteExpired"] as const;

/** The five members, as somebody would write them who needs no more. */
class PlainStore implements SessionStore {
  readonly consistency = "strong";
  readonly records: Map<string, string> = new Map();
  readonly now: () => number;

  constructor(now: () => number) {
    this.now = now;
  }

  async create(key: string, record: SessionRecord): Promise<boolean> {
    if (this.read(key)) return false;
    this.records.set(key, JSON.stringify(record));
    return await true;
  }

  async get(key: string): Promise<SessionRecord | null> {
    return await this.read(key);
  }

  async update(
    key: string,
    record: SessionRecord,
    revision: number,
  ): Promise<UpdateResult> {
    const found = this.read(key);
    if (!found) return "gone";
    if (found.revision !== revision) return "conflict";
    this.records.set(key, JSON.stringify(record));
    return await "ok";
  }

  async delete(key: string): Promise<void> {
    checkKey(key);
    await this.records.delete(key);
  }

  private read(key: string): SessionRecord | null {
    checkKey(key);
    const record = JSON.parse(this.records.get(key) ?? "null");
    return record?.expiresAt > this.now() ? record : null;
  }
}

function openPlain(): StoreHarness {
  const clock = createClock();
  return { store: new PlainStore(clock.now), ...clock };
}

describeStore("a store of five members", openPlain, {
  without: [...OPTIONAL, "reopen", "failure", "full"],
});

/** Writes blindly, looks before it updates: a back end without transactions. */
describeStore("an eventual store", () => {
  const clock = createClock();
  const plain = new PlainStore(clock.now);
  const store: SessionStore = {
    consistency: "eventual",
    create(key, record) {
      checkKey(key);
      plain.records.set(key, JSON.stringify(record));
      return Promise.resolve(true);
    },
    get: (key) => plain.get(key),
    async update(key, record, revision) {
      const found = await plain.get(key);
      if (!found) return "gone";
      if (found.revision !== revision) return "conflict";
      await this.create(key, record);
      return "ok";
    },
    delete: (key) => plain.delete(key),
  };
  return { store, ...clock };
}, { without: ["strong", ...OPTIONAL, "reopen", "failure", "full"] });

const allCases: readonly StoreCase[] = [...storeCases, ...backEndCases];
const allNames = allCases.map(({ name }) => name);
/** It waits: its faults are looked for at the same time. */
const IN_REAL_TIME =
  "the back end removes no record before its end, in real time";

describe("storeCases", () => {
  it("have names of their own", () => {
    assert.equal(new Set(allNames).size, allNames.length);
  });

  it("are apart from those that need more of a harness", () => {
    const isMore = ({ needs }: StoreCase) =>
      needs?.includes("failure") || needs?.includes("full");
    assert.ok(!storeCases.some(isMore));
    assert.ok(backEndCases.every(isMore));
  });

  it("each notice some fault", () => {
    const noticed = new Set(faults.flatMap(({ noticed }) => noticed));
    assert.deepEqual(allNames.filter((name) => !noticed.has(name)), []);
  });

  for (const { name, open, without } of rightStores) {
    it(`find nothing wrong with ${name}`, async () => {
      const names = allCases
        .filter(({ needs }) => !needs?.some((each) => without.includes(each)))
        .map(({ name }) => name)
        .filter((name) => name !== IN_REAL_TIME);
      assert.ok(names.length > 80);
      assert.deepEqual(await failuresOf(open, names), []);
    });
  }

  for (const { name, noticed, open } of faults) {
    const atOnce = noticed.filter((name) => name !== IN_REAL_TIME);
    if (atOnce.length === 0) continue;
    it(`notice a store that ${name}`, async () => {
      assert.deepEqual(await failuresOf(open, atOnce), atOnce);
    });
  }

  it("notice, in real time, what a back end removes too soon", async () => {
    const slow = faults.filter(({ noticed }) => noticed.includes(IN_REAL_TIME));
    assert.ok(slow.length > 5);
    const found = await Promise.all(
      [...slow, ...rightStores].map(async ({ name, open }) => {
        const failures = await failuresOf(open, [IN_REAL_TIME]);
        return failures.length > 0 ? [name] : [];
      }),
    );
    assert.deepEqual(found.flat(), slow.map(({ name }) => name));
  });
});

describe("runStoreCase()", () => {
  for (
    const ability of [...OPTIONAL, "reopen", "failure", "full"] as const
  ) {
    it(`rejects for a store without ${ability} if that is not declared`, () =>
      assert.rejects(
        () => runStoreCase(caseAbout(ability), openPlain),
        {
          code: "ERR_ASSERTION",
          message: RegExp(`without: \\["${ability}"\\]`),
        },
      ));
  }

  it("rejects for an eventual store if that is not declared", async () => {
    const open = () => openChanged(() => ({ consistency: "eventual" }));
    await assert.rejects(() => runStoreCase(caseAbout("strong"), open), {
      code: "ERR_ASSERTION",
      message: /without: \["strong"\]/,
    });
  });

  it("closes the store, whether the case passes or fails", async () => {
    const closed: string[] = [];
    const openAs = (name: string) => () => ({
      ...openPlain(),
      close: async () => void await closed.push(name),
    });
    await runStoreCase({ name: "", run: async () => {} }, openAs("passed"));
    const run = () => Promise.reject(new RangeError());
    await assert.rejects(
      () => runStoreCase({ name: "", run }, openAs("failed")),
      RangeError,
    );
    assert.deepEqual(closed, ["passed", "failed"]);
  });

  it("rejects with the failure of the case, not with that of close()", async () => {
    const open = () => ({
      ...openPlain(),
      close: () => Promise.reject(new TypeError()),
    });
    const run = () => Promise.reject(new RangeError());
    await assert.rejects(
      () => runStoreCase({ name: "", run }, open),
      RangeError,
    );
    await assert.rejects(
      () => runStoreCase({ name: "", run: async () => {} }, open),
      TypeError,
    );
  });
});

describe("describeStore()", () => {
  it("leaves out the cases about what is declared to be missing", () => {
    const all = casesWithout([], ["failure", "full"]);
    assert.deepEqual(all, allCases);
    const some = casesWithout(["touch", "count", "touch"], ["failure", "full"]);
    const about = allCases.filter(({ needs }) =>
      needs?.includes("touch") || needs?.includes("count")
    );
    assert.ok(about.length > 5);
    assert.equal(some.length, all.length - about.length + 2);
    assert.match(
      some[0]?.name ?? "",
      /^has no touch, so \d+ cases do not apply$/,
    );
  });

  it("skips, with the reason, what nobody has decided about", async () => {
    const cases = casesWithout([]);
    const [failure, full, ...rest] = cases;
    assert.deepEqual(rest, storeCases);
    assert.match(
      `${failure?.name}: ${failure?.skip}`,
      /^cannot be made to fail, so \d+ cases are left out: .*breakBackEnd/,
    );
    assert.match(
      `${full?.name}: ${full?.skip}`,
      /^cannot be filled up, so 2 cases are left out: .*fillBackEnd/,
    );
    for (const [ability, check] of [["failure", failure], ["full", full]]) {
      assert.ok(typeof check === "object");
      await runStoreCase(check, openPlain);
      await assert.rejects(() => runStoreCase(check, openChanged), {
        code: "ERR_ASSERTION",
        message: RegExp(`{ with: \\["${ability}"\\] }`),
      });
    }
    assert.deepEqual(casesWithout(["failure"], ["full"]).slice(1), [
      ...storeCases,
      ...backEndCases.filter(({ needs }) => needs?.includes("full")),
    ]);
  });

  const ON_DEMAND = ["failure", "full"] as const;
  for (
    const ability of [...OPTIONAL, "reopen", "strong", ...ON_DEMAND] as const
  ) {
    it(`has a check that fails when ${ability} is not missing`, async () => {
      const [check] = casesWithout([ability]);
      assert.ok(check);
      await assert.rejects(() => runStoreCase(check, openChanged), {
        code: "ERR_ASSERTION",
        message: RegExp(`"${ability}" out of without`),
      });
    });
  }

  it("refuses a word that names no ability", () => {
    for (const word of ["list", "get", "toString", ""]) {
      assert.throws(() => casesWithout([word as "count"]), TypeError);
      assert.throws(() => casesWithout([], [word as "count"]), TypeError);
    }
  });

  it("refuses an ability that is there and is missing", () => {
    assert.throws(() => casesWithout(["full"], ["full"]), {
      name: "TypeError",
      message: "Options with and without both name full",
    });
  });
});

describe("createClock()", () => {
  it("starts where it is told, and stands until it is moved", () => {
    const { now, advance } = createClock(1_000);
    assert.equal(now(), 1_000);
    advance(1);
    advance(500);
    assert.equal(now(), 1_501);
  });

  it("starts with the real time", () => {
    const before = Date.now();
    const { now } = createClock();
    assert.ok(now() >= before && now() <= Date.now());
  });
});

/** Those of some cases that a store fails. */
async function failuresOf(
  open: () => StoreHarness,
  names: readonly string[],
): Promise<string[]> {
  const failures: string[] = [];
  for (const name of names) {
    const storeCase = allCases.find((other) => other.name === name);
    assert.ok(storeCase, `There is no case "${name}"`);
    try {
      await runStoreCase(storeCase, open);
    } catch {
      failures.push(name);
    }
  }
  return failures;
}

/** A case about one ability alone. */
function caseAbout(ability: string): StoreCase {
  const found = allCases.find(({ needs }) =>
    needs?.length === 1 && needs[0] === ability
  );
  assert.ok(found);
  return found;
}
