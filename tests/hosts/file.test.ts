import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import {
  mkdir,
  open,
  readdir,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { FileStore } from "../../stores/file.ts";
import { createClock, describeStore } from "../../testing.ts";
import { fileOf, KEY, keysOf, OTHER, recordAt, USER } from "./_file.ts";
import { filesIn, temporaryFolder, withFolder } from "./_folders.ts";

describeStore("FileStore", async () => {
  const clock = createClock();
  const folder = await temporaryFolder();
  // Not there yet.
  const path = join(folder.path, "a", "sessions");
  const open = () => new FileStore(path, { now: clock.now });
  return {
    ...clock,
    store: open(),
    reopen: () => Promise.resolve(open()),
    async breakBackEnd() {
      await rm(path, { recursive: true });
      // Whoever follows it is refused.
      await symlink(path, path);
    },
    close: folder.remove,
  };
  // A disk is full in processes.test.ts.
}, { with: ["failure"], without: ["full"] });

describe("FileStore", () => {
  it("refuses wrong options by name", () => {
    for (const folder of ["", undefined, null, 1, new URL("file:///tmp")]) {
      assert.throws(
        () => new FileStore(folder as string),
        /TypeError: The folder/,
      );
    }
    assert.throws(
      () => new FileStore("x", { now: 1 as never }),
      /TypeError: Option now/,
    );
  });

  it("makes no folder before there is a record", () =>
    withFolder(async (path) => {
      const store = new FileStore(join(path, "sessions"));
      assert.equal(await store.get(KEY), null);
      assert.equal(await store.update(KEY, recordAt(), 1), "gone");
      assert.equal(await store.touch(KEY, 1, 2), false);
      await store.delete(KEY);
      assert.equal(await store.count(), 0);
      assert.equal(await store.deleteExpired(Date.now()), 0);
      for await (const _ of store.listByUser(USER)) assert.fail();
      assert.deepEqual(await readdir(path), []);
    }));

  it("stays in its folder when the program changes to another", () =>
    withFolder(async (path) => {
      const before = process.cwd();
      process.chdir(path);
      try {
        const store = new FileStore("sessions");
        process.chdir("/");
        await store.create(KEY, recordAt());
      } finally {
        process.chdir(before);
      }
      assert.deepEqual(await readdir(path), ["sessions"]);
    }));

  it("lets nobody else read", {
    skip: process.platform === "win32" ? "has no modes" : false,
  }, () =>
    withFolder(async (path) => {
      const folder = join(path, "sessions");
      const store = new FileStore(folder);
      await store.create(KEY, recordAt({ user: USER }));
      const next = recordAt({ revision: 2, user: USER });
      await store.update(KEY, next, 1);
      const files = await filesIn(folder);
      assert.equal(files.length, 2);
      for (const file of files) {
        assert.equal((await stat(file)).mode & 0o777, 0o600);
        for (let up = dirname(file); up !== path; up = dirname(up)) {
          assert.equal((await stat(up)).mode & 0o777, 0o700);
        }
      }
    }));

  it("leaves no name that could meet another in upper or lower case", () =>
    withFolder(async (path) => {
      const store = new FileStore(path);
      const keys = ["a", "A", "b", "B", "-", "_"].map((char) =>
        char.repeat(43)
      );
      for (const user of keys) await store.create(user, recordAt({ user }));
      for (const folder of [path, join(path, ".users")]) {
        const names = (await readdir(folder))
          .filter((name) => !name.startsWith("."));
        assert.equal(names.length, keys.length);
        const folded = names.map((name) => name.toLowerCase());
        assert.equal(new Set(folded).size, keys.length);
      }
      for (const user of keys) {
        assert.deepEqual(await keysOf(store, user), [user]);
      }
    }));

  it("stays in its folder, whatever a user is called", () =>
    withFolder(async (path) => {
      const folder = join(path, "sessions");
      const store = new FileStore(folder);
      const users = [
        "../../x",
        "..",
        ".",
        "/x",
        "a/b",
        "a\\b",
        "C:x",
        "\ud83d",
      ];
      for (const [number, user] of users.entries()) {
        await store.create(`${number}`.repeat(43), recordAt({ user }));
      }
      assert.deepEqual(await readdir(path), ["sessions"]);
      assert.equal(
        (await readdir(join(folder, ".users"))).length,
        users.length,
      );
      for (const [number, user] of users.entries()) {
        assert.deepEqual(await keysOf(store, user), [`${number}`.repeat(43)]);
      }
    }));

  it("keeps one file for a record, however often it changes", () =>
    withFolder(async (path) => {
      const store = new FileStore(path);
      await store.create(KEY, recordAt());
      for (let revision = 1; revision < 20; revision++) {
        await store.touch(KEY, revision, 4e12 + revision);
        const next = recordAt({ revision: revision + 1 });
        assert.equal(await store.update(KEY, next, revision), "ok");
      }
      assert.equal((await filesIn(path)).length, 1);
    }));

  it("leaves nothing of a record that is deleted or has expired", () =>
    withFolder(async (path) => {
      const store = new FileStore(path);
      await store.create(KEY, recordAt({ user: USER }));
      await store.delete(KEY);
      const left = [".tmp", ".users"];
      assert.deepEqual(await filesIn(path), []);
      assert.deepEqual((await readdir(path)).sort(), left);
      assert.deepEqual(await readdir(join(path, ".users")), []);
      await store.create(OTHER, recordAt({ user: USER, expiresAt: 1 }));
      assert.equal(await store.deleteExpired(Date.now()), 1);
      assert.deepEqual(await filesIn(path), []);
      assert.deepEqual((await readdir(path)).sort(), left);
      assert.deepEqual(await readdir(join(path, ".users")), []);
    }));

  it("delete() finds a record's hint, whatever has changed before", () =>
    withFolder(async (path) => {
      const store = new FileStore(path);
      await store.create(KEY, recordAt({ user: USER }));
      const users = [USER, "", OTHER, OTHER, USER];
      for (const [number, user] of users.entries()) {
        const revision = number + 2;
        const next = recordAt({ revision, user });
        assert.equal(await store.update(KEY, next, revision - 1), "ok");
        await store.touch(KEY, revision, 4e12 + revision);
        const hints = await filesIn(join(path, ".users"));
        assert.equal(hints.length, user ? 1 : 0);
      }
      await store.delete(KEY);
      assert.deepEqual(await filesIn(path), []);
    }));

  it("names no key and no user in an error", () =>
    withFolder(async (path) => {
      const inTheWay = join(path, "file");
      await writeFile(inTheWay, "");
      const blocked = new FileStore(inTheWay);
      const store = new FileStore(join(path, "store"));
      await store.create(KEY, recordAt({ user: USER }));
      const file = await fileOf(join(path, "store"));
      await rm(file);
      await mkdir(file);
      const calls: (() => Promise<unknown>)[] = [
        () => blocked.create(KEY, recordAt({ user: USER })),
        () => store.get(KEY),
        () => store.create(KEY, recordAt()),
        () => store.update(KEY, recordAt({ revision: 2 }), 1),
        () => store.touch(KEY, 1, 4e12),
        () => keysOf(store, USER),
        () => store.count(USER),
      ];
      for (const [number, call] of calls.entries()) {
        await assert.rejects(call, (error: Error) => {
          const told = [error, error.stack, ...Object.values(error)].join();
          assert.match(error.message, /^E[A-Z]+$/, `${number}`);
          assert.doesNotMatch(told, /ey-_|uuuu/, `${number}`);
          assert.equal("path" in error || "dest" in error, false);
          return true;
        });
      }
    }));

  it("count() of very many looks at the first 10 000", () =>
    withFolder(async (path) => {
      const store = new FileStore(path);
      for (let number = 0; number < 10_001; number++) {
        mkdirSync(join(path, `${number}`.padStart(43, "x")));
      }
      // No record is in any of them.
      assert.equal(await store.count(), 1);
    }));

  it("asks for as many calls of fsync as it says", () =>
    withFolder(async (path) => {
      const store = new FileStore(path);
      const third = "third".padEnd(43, "x");
      const next = (revision: number, user = USER) =>
        recordAt({ revision, user });
      const calls: [number, () => Promise<unknown>][] = [
        [4, () => store.create(KEY, recordAt())],
        [7, () => store.create(OTHER, recordAt({ user: USER }))],
        [5, () => store.create(third, recordAt({ user: USER }))],
        [3, () => store.update(OTHER, next(2), 1)],
        [6, () => store.update(OTHER, next(3, KEY), 2)],
        [4, () => store.update(OTHER, next(4), 3)],
        [1, () => store.touch(OTHER, 1, 4e12)],
        [1, () => store.delete(OTHER)],
        [0, () => store.get(KEY)],
      ];
      for (const [number, [expected, call]] of calls.entries()) {
        assert.equal(await syncsIn(call), expected, `call ${number}`);
      }
    }));

  it("leaves no hint of what came to nothing", () =>
    withFolder(async (path) => {
      const store = new FileStore(path);
      await store.create(KEY, recordAt());
      assert.equal(await store.create(KEY, recordAt({ user: USER })), false);
      const next = recordAt({ revision: 2, user: USER });
      const done = await Promise.all(
        Array.from({ length: 8 }, () => store.update(KEY, next, 1)),
      );
      assert.equal(done.filter((result) => result === "ok").length, 1);
      assert.equal((await readdir(join(path, ".users", USER))).length, 1);
    }));

  it("create() rejects when it cannot write, and leaves no draft", () =>
    withFolder(async (path) => {
      const store = new FileStore(path);
      await writeFile(join(path, "f".repeat(43)), "in the way");
      await assert.rejects(store.create("f".repeat(43), recordAt()));
      assert.deepEqual(await readdir(join(path, ".tmp")), []);
      await assert.rejects(
        new FileStore(join(path, "f".repeat(43))).create(KEY, recordAt()),
      );
    }));
});

/** How often something has a file or folder written to the disk. */
async function syncsIn(run: () => Promise<unknown>): Promise<number> {
  const handle = await open(".");
  await handle.close();
  const prototype = Object.getPrototypeOf(handle) as typeof handle;
  const { sync } = prototype;
  let syncs = 0;
  prototype.sync = function () {
    syncs++;
    return sync.call(this);
  };
  try {
    await run();
  } finally {
    prototype.sync = sync;
  }
  return syncs;
}
