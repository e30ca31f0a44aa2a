import assert from "node:assert/strict";
import { renameSync, rmSync } from "node:fs";
import {
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  utimes,
  writeFile,
} from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { describe, it } from "node:test";
import type { SessionRecord } from "../../src/store/contract.ts";
import { FileStore } from "../../stores/file.ts";
import { createClock } from "../../testing.ts";
import { fileOf, KEY, keysOf, OTHER, recordAt, USER } from "./_file.ts";
import { filesIn, withFolder } from "./_folders.ts";

const HOUR = 3_600_000;

describe("FileStore: a folder that is not as a call would leave it", () => {
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
});
