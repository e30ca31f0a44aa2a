import assert from "node:assert/strict";
import { join } from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import type { SessionStore } from "../../src/store/contract.ts";
import { FileStore } from "../../stores/file.ts";
import { filesIn, withFolder } from "./_folders.ts";
import { finish, killWorkers, setRoom, startWorkers } from "./_processes.ts";
import {
  keyOf,
  type Kind,
  KINDS,
  openStore,
  OTHER_USER,
  recordAt,
  USER,
} from "./_shared.ts";

const ROUNDS = 8;
const NO_LINUX = process.platform === "linux" ? false : "needs Linux's prlimit";
const NO_SH = process.platform === "win32" ? "needs a shell" : false;

for (const kind of ["sqlite", "file"] as const) {
  describe(`${kind}: several processes`, () => {
    it("lose no change of one record", () =>
      withStore(kind, async (path) => {
        await create(kind, path, 1);
        const jobs = Array(4).fill(["add", 250]);
        await finish(await startWorkers(kind, path, jobs));
        await assertRevision(kind, path, 1_001, 1_001);
      }));

    it("read whole records while others write, and no old ones", () =>
      withStore(kind, async (path) => {
        await create(kind, path, 1);
        await finish(
          await startWorkers(kind, path, [
            ["add", 100],
            ["add", 100],
            ["read", 201],
            ["read", 201],
          ]),
        );
      }));

    it("create each record once", () =>
      withStore(kind, async (path) => {
        const jobs = Array(4).fill(["create", 100]);
        const workers = await startWorkers(kind, path, jobs);
        await finish(workers);
        const created = workers.flatMap(({ lines }) => lines.map(Number));
        assert.deepEqual(
          created.sort((a, b) => a - b),
          Array.from({ length: 100 }, (_, number) => number),
        );
      }));

    it("take a key by turns while others clear up", () =>
      withStore(kind, async (path) => {
        const workers = await startWorkers(kind, path, [
          ["sweep", 1e9],
          ["sweep", 1e9],
          ["own", 50],
          ["own", 50],
          ["own", 50],
        ]);
        await finish(workers.slice(2));
        for (const sweeper of workers.slice(0, 2)) {
          sweeper.kill();
          assert.equal(await sweeper.ended, false);
        }
      }));

    it("list each record once while others write it and clear up", () =>
      withStore(kind, async (path) => {
        await create(kind, path, 3);
        const workers = await startWorkers(kind, path, [
          ["sweep", 1e9],
          ["add", 1e9],
          ["list", 150],
          ["list", 150],
        ]);
        await finish(workers.slice(2));
        for (const other of workers.slice(0, 2)) {
          other.kill();
          assert.equal(await other.ended, false);
        }
      }));

    it("bring back no record that another has deleted", () =>
      withStore(kind, async (path) => {
        await create(kind, path, 20);
        const { store, close } = await openStore(kind, path);
        const [worker] = await startWorkers(kind, path, [["chase", 20]]);
        assert.ok(worker);
        for (let number = 0; number < 20; number++) {
          // In the middle of its writes.
          await worker.said(worker.lines.length + 3);
          await store.delete(keyOf(number));
          assert.equal(await store.get(keyOf(number)), null);
        }
        await finish([worker]);
        assert.equal(await store.count?.(), 0);
        await close();
      }));

    it("go on when one of them is killed", () =>
      withStore(kind, async (path) => {
        await create(kind, path, 1);
        const workers = await startWorkers(kind, path, [
          ["add", 1e6],
          ["add", 150],
          ["add", 150],
        ]);
        const [victim, ...others] = workers;
        assert.ok(victim);
        await victim.said(20);
        victim.kill();
        assert.equal(await victim.ended, false);
        await finish(others);
        const least = 1 + 300 + victim.lines.length;
        // One more may have been written, and not yet acknowledged.
        await assertRevision(kind, path, least, least + 1);
      }));
  });
}

for (const kind of KINDS) {
  describe(`${kind}: a process that is killed`, () => {
    it("loses nothing that was acknowledged, and leaves a whole record", () =>
      withStore(kind, async (path) => {
        await create(kind, path, 1);
        let last = 1;
        for (let round = 0; round < ROUNDS; round++) {
          const [worker] = await startWorkers(kind, path, [["write", 1_000]]);
          assert.ok(worker);
          await worker.said(1 + Math.floor(Math.random() * 50));
          // Somewhere in one of the next writes.
          await pause(Math.random() * 5);
          worker.kill();
          assert.equal(await worker.ended, false);
          const acknowledged = Number(worker.lines.at(-1));
          assert.ok(acknowledged > last);
          last = await assertRevision(
            kind,
            path,
            acknowledged,
            acknowledged + 1,
          );
        }
      }));

    it("leaves a store in which all can be created", () =>
      withStore(kind, async (path) => {
        for (let round = 0; round < ROUNDS; round++) {
          const [worker] = await startWorkers(kind, path, [["create", 1_000]]);
          assert.ok(worker);
          await worker.said(1 + Math.floor(Math.random() * 20));
          await pause(Math.random() * 5);
          worker.kill();
          assert.equal(await worker.ended, false);
        }
        const { store, close } = await openStore(kind, path);
        let number = 0;
        while (await store.get(keyOf(number))) {
          assert.deepEqual(await store.get(keyOf(number)), recordAt(1));
          number++;
        }
        assert.ok(number >= ROUNDS);
        assert.equal(await store.count?.(), number);
        assert.equal(await store.count?.(USER), number);
        assert.equal(await store.create(keyOf(number), recordAt(1)), true);
        await close();
      }));
  });
}

for (const kind of KINDS) {
  describe(`${kind}: a process that is killed while a user changes`, () => {
    it("leaves the record in its user's list, and in no other", () =>
      withStore(kind, async (path) => {
        await create(kind, path, 1);
        for (let round = 0; round < ROUNDS; round++) {
          const [worker] = await startWorkers(kind, path, [["pass", 1e6]]);
          assert.ok(worker);
          await worker.said(1 + Math.floor(Math.random() * 20));
          await pause(Math.random() * 5);
          worker.kill();
          assert.equal(await worker.ended, false);
          const { store, close } = await openStore(kind, path);
          const record = await store.get(keyOf(0));
          assert.ok(record);
          await assertListed(store, record.user);
          // Now nobody can take up again what was left half done.
          const { user, revision } = record;
          const next = { ...recordAt(revision + 1), user };
          assert.equal(await store.update(keyOf(0), next, revision), "ok");
          await assertListed(store, user);
          await close();
          // A record and what leads to it.
          if (kind === "file") assert.equal((await filesIn(path)).length, 2);
        }
      }));
  });
}

describe("file: a full disk", () => {
  it("refuses what is written, leaves nothing of it, and lets all end", {
    skip: NO_SH,
  }, () =>
    withStore("file", async (path) => {
      await create("file", path, 3);
      const before = await filesIn(path);
      const [worker] = await startWorkers("file", path, [["full", 3]], 0);
      assert.ok(worker);
      await worker.said(1);
      assert.deepEqual(await filesIn(path), before);
      worker.go();
      await finish([worker]);
      assert.deepEqual(await filesIn(path), []);
    }));
});

describe(
  "unstorage: files that are written in place",
  { skip: NO_LINUX },
  () => {
    it("on a full disk, a failed write changes nothing, and all can end", () =>
      withStore("unstorage", async (path) => {
        await create("unstorage", path, 3);
        const before = await filesIn(path);
        const jobs = [["full", 3]] as const;
        const [worker] = await startWorkers("unstorage", path, jobs, 16);
        assert.ok(worker);
        await worker.said(1);
        assert.deepEqual(await filesIn(path), before);
        // Now there is no room for the mark of an end, either.
        setRoom(worker, 0);
        worker.go();
        await finish([worker]);
        assert.deepEqual(await filesIn(path), []);
      }));

    it("several processes read whole records, and leave one", () =>
      withStore("unstorage", async (path) => {
        const { store } = await openStore("unstorage", path);
        const value = "1".repeat(20_000);
        await store.create(keyOf(0), { ...recordAt(1), value, label: "" });
        await finish(
          await startWorkers("unstorage", path, [
            ["scribble", 200],
            ["scribble", 200],
            ["peek", 400],
          ]),
        );
        const record = await store.get(keyOf(0));
        assert.ok(record && record.revision > 1);
      }));
  },
);

describe("level: a full disk", { skip: NO_LINUX }, () => {
  it("loses nothing that was acknowledged when there was room again", () =>
    withStore("level", async (path) => {
      const [worker] = await startWorkers(
        "level",
        path,
        [["overfill", 20]],
        64,
      );
      assert.ok(worker);
      await worker.said(1);
      setRoom(worker, "unlimited");
      worker.go();
      await worker.said(21);
      worker.kill();
      assert.equal(await worker.ended, false);
      const { store, close } = await openStore("level", path);
      assert.equal(await store.get(keyOf(0)), null);
      assert.equal(worker.lines.length, 21);
      for (const line of worker.lines.slice(1)) {
        assert.deepEqual(await store.get(keyOf(Number(line))), recordAt(1));
      }
      await close();
    }));
});

describe("file: what killed processes leave", () => {
  it("is in nobody's way, and deleteExpired() removes it", () =>
    withStore("file", async (path) => {
      await create("file", path, 1);
      for (let round = 0; round < ROUNDS; round++) {
        const workers = await startWorkers("file", path, [
          ["add", 1e6],
          ["create", 1e6],
        ]);
        for (const worker of workers) await worker.said(5);
        await pause(Math.random() * 5);
        for (const worker of workers) worker.kill();
        for (const { ended } of workers) assert.equal(await ended, false);
      }
      const store = new FileStore(path);
      const record = await store.get(keyOf(0));
      assert.ok(record);
      const next = recordAt(record.revision + 1);
      assert.equal(await store.update(keyOf(0), next, record.revision), "ok");
      assert.equal(await store.deleteExpired(Date.now() + 2 * 3_600_000), 0);
      const records = await store.count();
      // One file for each record, and one to find it by its user.
      const files = await filesIn(path);
      const hints = files.filter((file) => file.includes(".users"));
      assert.equal(files.length - hints.length, records);
      assert.equal(await store.count(USER), records);
      for (let number = 0; number < records; number++) {
        await store.delete(keyOf(number));
      }
      await store.deleteExpired(0);
      assert.deepEqual(await filesIn(path), []);
    }));
});

async function withStore(
  kind: Kind,
  use: (path: string) => Promise<void>,
): Promise<void> {
  await withFolder(async (folder) => {
    try {
      await use(join(folder, kind));
    } finally {
      killWorkers();
    }
  });
}

/** Creates the first so many records. */
async function create(kind: Kind, path: string, count: number): Promise<void> {
  const { store, close } = await openStore(kind, path);
  for (let number = 0; number < count; number++) {
    assert.equal(await store.create(keyOf(number), recordAt(1)), true);
  }
  await close();
}

/** That the first record is whole and not too old, nor too new. */
async function assertRevision(
  kind: Kind,
  path: string,
  least: number,
  most: number,
): Promise<number> {
  const { store, close } = await openStore(kind, path);
  const record = await store.get(keyOf(0));
  await close();
  assert.ok(record);
  const { revision } = record;
  assert.deepEqual(record, recordAt(revision));
  assert.ok(revision >= least && revision <= most, `${least} to ${most}`);
  return revision;
}

/** That the first record is in one user's list, and not in the other's. */
async function assertListed(store: SessionStore, owner: string): Promise<void> {
  for (const user of [USER, OTHER_USER]) {
    const keys = [];
    for await (const { key } of store.listByUser?.(user) ?? []) keys.push(key);
    assert.deepEqual(keys, user === owner ? [keyOf(0)] : []);
  }
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
