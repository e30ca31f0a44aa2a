import assert from "node:assert/strict";
import { mkdirSync, renameSync, rmSync } from "node:fs";
import {
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import type { SessionRecord } from "../../src/store/contract.ts";
import { FileStore } from "../../stores/file.ts";
import { createClock, describeStore } from "../../testing.ts";
import { filesIn, temporaryFolder, withFolder } from "./_folders.ts";

const HOUR = 3_600_000;
const KEY = "Key-_".padEnd(43, "x");
const OTHER = "other".padEnd(43, "x");
const USER = "u".repeat(43);

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

  it("delete() removes a record that cannot be read", () =>
    withFolder(async (path) => {
      const store = new FileStore(path);
      await store.create(KEY, recordAt({ user: USER }));
      const file = await fileOf(path);
      await rm(file);
      await mkdir(file);
      await assert.rejects(store.get(KEY), { code: "EISDIR" });
      await store.delete(KEY);
      assert.equal(await store.get(KEY), null);
      assert.equal(await store.create(KEY, recordAt()), true);
    }));

  it("delete() works where a record cannot be moved away", () =>
    withFolder(async (path) => {
      const store = new FileStore(path);
      await store.create(KEY, recordAt({ user: USER }));
      await store.create(OTHER, recordAt({ user: USER }));
      await store.touch(KEY, 5, 4e12);
      // Nothing can be put into a file.
      await rm(join(path, ".tmp"), { recursive: true });
      await writeFile(join(path, ".tmp"), "");
      await store.delete(KEY);
      assert.equal(await store.get(KEY), null);
      assert.deepEqual(await keysOf(store, USER), [OTHER]);
      await store.delete(OTHER);
      assert.deepEqual(await filesIn(path), [join(path, ".tmp")]);
    }));

  it("listByUser() removes what has ended, and what leads nowhere", () =>
    withFolder(async (path) => {
      const clock = createClock();
      const store = new FileStore(path, { now: clock.now });
      const expiresAt = clock.now() + 1;
      await store.create(KEY, recordAt({ user: USER }));
      await store.create(OTHER, recordAt({ user: USER, expiresAt }));
      const hints = join(path, ".users", USER);
      const random = crypto.randomUUID();
      const place = basename(dirname(dirname(await fileOf(path))));
      // What processes leave that are ended: of a record that is gone, of one
      // that has another hint, of one that is another user's.
      await writeFile(join(hints, `${"p".repeat(43)}.${random}`), "");
      await writeFile(join(hints, `${place}.${random}`), "");
      const theirs = "theirs".padEnd(43, "x");
      await store.create(theirs, recordAt({ user: OTHER }));
      await writeFile(join(hints, `${theirs}.${random}`), "");
      assert.equal((await readdir(hints)).length, 5);
      clock.advance(1);
      assert.deepEqual(await keysOf(store, USER), [KEY]);
      assert.equal((await readdir(hints)).length, 1);
      assert.deepEqual(await keysOf(store, USER), [KEY]);
      assert.deepEqual(await keysOf(store, OTHER), [theirs]);
      assert.equal((await filesIn(path)).length, 4);
    }));

  it("listByUser() spares the hint of what is to come", () =>
    withFolder(async (path) => {
      const store = new FileStore(path);
      await store.create(KEY, recordAt({ user: OTHER }));
      const file = await fileOf(path);
      const place = basename(dirname(dirname(file)));
      const hints = join(path, ".users", USER);
      await mkdir(hints, { recursive: true });
      // An update that has not been made known yet gives it to another user.
      const random = crypto.randomUUID();
      await writeFile(join(dirname(file), `2_${random}`), "half");
      await writeFile(join(hints, `${place}.${random}`), "");
      // A draft has not been moved to its place yet.
      const draft = crypto.randomUUID();
      await mkdir(join(path, ".tmp", draft));
      await writeFile(join(hints, `${"p".repeat(43)}.${draft}`), "");
      assert.deepEqual(await keysOf(store, USER), []);
      assert.equal(await store.deleteExpired(Date.now()), 0);
      assert.equal((await readdir(hints)).length, 2);
      // Both came to nothing.
      await store.update(KEY, recordAt({ revision: 2, user: OTHER }), 1);
      await rm(join(path, ".tmp", draft), { recursive: true });
      assert.deepEqual(await keysOf(store, USER), []);
      assert.deepEqual(await readdir(join(path, ".users")), [OTHER]);
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

  it("delete() gets its way, whoever changes the record meanwhile", () =>
    withFolder(async (path) => {
      const store = new FileStore(path);
      for (let round = 0; round < 30; round++) {
        await store.create(KEY, recordAt());
        let touches = 0;
        let isOver = false;
        const others = Array.from({ length: 4 }, async () => {
          while (!isOver && await store.touch(KEY, touches, 4e12)) touches++;
        });
        while (touches < 20) await store.get(KEY);
        await store.delete(KEY);
        const found = await store.get(KEY);
        isOver = true;
        await Promise.all(others);
        assert.equal(found, null);
      }
    }));

  it("spares what has taken a record's place in the middle of a call", () =>
    withFolder(async (path) => {
      const fresh = recordAt({ revision: 7, value: "fresh" });
      const next = recordAt({ revision: 2 });
      const calls: Record<
        string,
        [Partial<SessionRecord>, (store: FileStore) => unknown, unknown]
      > = {
        create: [{ expiresAt: 1 }, (store) => store.create(KEY, next), false],
        get: [{}, (store) => store.get(KEY), fresh],
        update: [{}, (store) => store.update(KEY, next, 1), "conflict"],
        deleteExpired: [
          { expiresAt: 1 },
          // It asks for the time when it has seen the old record.
          (store) => store.deleteExpired({ valueOf: now } as number),
          0,
        ],
      };
      let swap = () => {};
      function now() {
        swap();
        return Date.now();
      }
      for (const [name, [old, call, expected]] of Object.entries(calls)) {
        const folders = ["a", "b"].map((folder) => join(path, name, folder));
        const [a = "", b = ""] = folders;
        await new FileStore(a).create(KEY, recordAt(old));
        await new FileStore(b).create(KEY, fresh);
        const [place = ""] = (await readdir(b)).filter((name) =>
          !name.startsWith(".")
        );
        swap = () => {
          rmSync(join(a, place), { recursive: true });
          renameSync(join(b, place), join(a, place));
          swap = () => {};
        };
        const store = new FileStore(a, { now });
        assert.deepEqual(await call(store), expected, name);
        assert.deepEqual(await store.get(KEY), fresh, name);
      }
    }));

  it("takes a file that is no record for none", () =>
    withFolder(async (path) => {
      const whole = JSON.stringify(recordAt());
      const texts: Record<string, string> = {
        "an empty file": "",
        "half a record": whole.slice(0, whole.length / 2),
        "another program's": "#!/bin/sh\n",
        "NUL": "\0".repeat(whole.length),
        "null": "null",
        "a number": "1",
        "a list": "[]",
        "no members": "{}",
        "a number as text": whole.replace('"createdAt":1', '"createdAt":"1"'),
        "a number as value": whole.replace('"value":"{}"', '"value":1'),
        "no user": whole.replace('"user":"",', ""),
      };
      const store = new FileStore(path);
      for (const [what, text] of Object.entries(texts)) {
        assert.notEqual(text, whole, what);
        await store.create(KEY, recordAt({ user: "" }));
        await writeFile(await fileOf(path), text);
        assert.equal(await store.get(KEY), null, what);
        const next = recordAt({ revision: 2 });
        assert.equal(await store.update(KEY, next, 1), "gone", what);
        assert.equal(await store.touch(KEY, 1, 4e12), false, what);
        assert.equal(await store.create(KEY, recordAt()), true, what);
        assert.deepEqual(await store.get(KEY), recordAt(), what);
        await store.delete(KEY);
      }
    }));

  it("takes a record whose file is gone for none", () =>
    withFolder(async (path) => {
      const store = new FileStore(path);
      await store.create(KEY, recordAt());
      await rm(await fileOf(path));
      assert.equal(await store.get(KEY), null);
      assert.equal(await store.update(KEY, recordAt(), 1), "gone");
      assert.equal(await store.create(KEY, recordAt()), true);
      assert.deepEqual(await store.get(KEY), recordAt());
    }));

  it("is not disturbed by names that are not its own", () =>
    withFolder(async (path) => {
      const store = new FileStore(path);
      await store.create(KEY, recordAt({ user: USER }));
      const place = dirname(dirname(await fileOf(path)));
      const names = [
        "x",
        "1_2_3",
        "a_b_c_d",
        "NaN_1_2_x",
        "1_2__x",
        "_",
        ".x",
        "1_2_3_x_",
      ];
      for (const name of names) {
        await writeFile(join(place, name), "");
        await writeFile(join(path, name), "");
        await mkdir(join(path, `folder ${name}`));
        await writeFile(join(path, ".users", name), "");
        await mkdir(join(path, ".users", `folder ${name}`));
      }
      await writeFile(join(path, "o".repeat(43)), "a file for a folder");
      assert.equal(await store.get("o".repeat(43)), null);
      assert.deepEqual(await store.get(KEY), recordAt({ user: USER }));
      const next = recordAt({ revision: 2, user: USER });
      assert.equal(await store.update(KEY, next, 1), "ok");
      assert.deepEqual(await store.get(KEY), next);
      assert.equal(await store.count(), 1);
      assert.equal(await store.deleteExpired(Date.now()), 0);
      assert.deepEqual(await keysOf(store, USER), [KEY]);
      await readFile(join(path, "x"));
    }));

  it("deleteExpired() removes what a process left half done", () =>
    withFolder(async (path) => {
      const store = new FileStore(path);
      await store.create(KEY, recordAt());
      const file = await fileOf(path);
      const version = basename(dirname(file));
      // A record that was not yet moved to its place.
      const draft = join(path, ".tmp", crypto.randomUUID());
      await mkdir(join(draft, version), { recursive: true });
      await writeFile(join(draft, version, basename(file)), "half");
      // A record that was moved away, but not yet removed.
      await mkdir(join(path, ".tmp", `old_${crypto.randomUUID()}`, "x"), {
        recursive: true,
      });
      // An update that was not yet made known, and the place of a record that
      // was taken from it.
      await writeFile(join(dirname(file), `2_${crypto.randomUUID()}`), "half");
      await mkdir(join(path, "p".repeat(43)));
      await mkdir(join(path, ".users", USER), { recursive: true });
      const hint = `${"p".repeat(43)}.${crypto.randomUUID()}`;
      await writeFile(join(path, ".users", USER, hint), "");

      assert.deepEqual(await store.get(KEY), recordAt());
      assert.equal(await store.create("p".repeat(43), recordAt()), true);
      await store.delete("p".repeat(43));
      const next = recordAt({ revision: 2 });
      assert.equal(await store.update(KEY, next, 1), "ok");
      assert.equal(await store.deleteExpired(Date.now()), 0);
      // A draft may be under way, an hour long.
      assert.deepEqual(
        await filesIn(path),
        [await fileOf(path), join(draft, version, basename(file))].sort(),
      );
      const old = Date.now() / 1000 - HOUR / 1000 - 1;
      await utimes(draft, old, old);
      assert.equal(await store.deleteExpired(Date.now()), 0);
      assert.deepEqual(await filesIn(path), [await fileOf(path)]);
      assert.deepEqual(await readdir(join(path, ".tmp")), []);
      assert.deepEqual(await readdir(join(path, ".users")), []);
      assert.deepEqual(await store.get(KEY), next);
    }));

  it("deleteExpired() spares the hint of a record that is to come", () =>
    withFolder(async (path) => {
      const store = new FileStore(path);
      await store.create(KEY, recordAt({ user: USER }));
      const record = await fileOf(path);
      const place = dirname(dirname(record));
      const [hint = ""] = await readdir(join(path, ".users", USER));
      // As it was before the draft was moved to its place.
      const draft = join(path, ".tmp", hint.split(".")[1] ?? "");
      await rename(place, draft);
      assert.equal(await store.deleteExpired(Date.now()), 0);
      await rename(draft, place);
      assert.deepEqual(await keysOf(store, USER), [KEY]);
      await store.delete(KEY);
      assert.equal(await store.deleteExpired(Date.now()), 0);
      assert.deepEqual(await readdir(join(path, ".users")), []);
    }));

  it("finds a record once, however often it changes its user", () =>
    withFolder(async (path) => {
      const store = new FileStore(path);
      await store.create(KEY, recordAt({ user: USER }));
      for (let revision = 1; revision < 8; revision++) {
        const user = revision % 2 ? OTHER : USER;
        const next = recordAt({ user, revision: revision + 1 });
        assert.equal(await store.update(KEY, next, revision), "ok");
        assert.deepEqual(await keysOf(store, user), [KEY]);
        assert.deepEqual(await keysOf(store, user === USER ? OTHER : USER), []);
      }
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

/** The one file of a store that holds a record. */
async function fileOf(path: string): Promise<string> {
  const names = (await readdir(path)).filter((name) => name.startsWith("+4b+"));
  assert.equal(names.length, 1);
  const place = join(path, names[0] ?? "");
  for (const name of await readdir(place)) {
    const found = await readdir(join(place, name)).catch(() => []);
    // Of an update that was not made known there may be a second one.
    const [file] = found.filter((file) =>
      name.startsWith(file.split("_")[0] ?? "") &&
      name.endsWith(file.split("_")[1] ?? "?")
    );
    if (file !== undefined) return join(place, name, file);
  }
  assert.fail("There is no record");
}

async function keysOf(store: FileStore, user: string): Promise<string[]> {
  const keys = [];
  for await (const { key } of store.listByUser(user)) keys.push(key);
  return keys;
}

function recordAt(own: Partial<SessionRecord> = {}): SessionRecord {
  return {
    revision: 1,
    value: "{}",
    id: "a1B2-_c3",
    user: "",
    label: "",
    createdAt: 1,
    lastSeenAt: 2,
    expiresAt: 4e12,
    ...own,
  };
}
