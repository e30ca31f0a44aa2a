// The real React Router, in the versions that are still about: it asks for the
// environment, and so for a host that has one.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createCookieSessionStorage as open8 } from "react-router";
import { createCookieSessionStorage as open7 } from "react-router7";
import { moved } from "../readers/_moved.ts";
import {
  ADA,
  GONE,
  NOBODY,
  reader,
  SECRETS,
  signed,
  THEIRS,
} from "../readers/_react_router.ts";

const LATER = Date.now() + 9000 * 86_400_000;

/** A session, as far as tests use it. */
interface RouterSession {
  set(name: string, value: unknown): void;
  flash(name: string, value: unknown): void;
}

type Open = (options: { cookie: object }) => {
  getSession(): Promise<RouterSession>;
  commitSession(session: never): Promise<string>;
};

const OPENS: Readonly<Record<string, Open>> = {
  "React Router 8": open8 as unknown as Open,
  "React Router 7": open7 as unknown as Open,
};

/** The cookie that `createCookieSessionStorage` of that version sets. */
async function cookieOf(
  version: string,
  fill: object | ((session: RouterSession) => void),
  options: object = {},
): Promise<Record<string, string>> {
  const open = OPENS[version];
  if (!open) throw new Error(`There is no ${version}`);
  const storage = open({ cookie: { secrets: [...SECRETS], ...options } });
  const session = await storage.getSession();
  if (typeof fill === "function") fill(session);
  else {
    for (const [key, value] of Object.entries(fill)) session.set(key, value);
  }
  const line = await storage.commitSession(session as never);
  const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
  return { [name]: value };
}

for (const version of Object.keys(OPENS)) {
  describe(`a session of ${version}`, () => {
    it("goes on, and its cookie is removed", async () => {
      const cookies = await cookieOf(version, THEIRS);
      assert.deepEqual(Object.keys(cookies), ["__session"]);
      const { lines, ...seen } = await moved(reader())(cookies);
      assert.deepEqual(seen, ADA);
      assert.match(lines[0] ?? "", /^__Host-sid=/);
      assert.deepEqual(lines.slice(1), [GONE]);
    });

    it("goes on without its flash values", async () => {
      const cookies = await cookieOf(version, (session) => {
        session.set("user", "ada");
        session.set("__flash", 1);
        session.flash("notice", "Saved");
        session.flash("", "two\nlines");
        session.flash("user", "not her");
      });
      const { user, data } = await moved(reader())(cookies);
      assert.equal(user, "ada");
      assert.deepEqual(data, { __flash: 1 });
    });

    it("goes on by each of its secrets, and by no other", async () => {
      const older = await cookieOf(version, THEIRS, {
        secrets: ["an older secret"],
      });
      for (
        const [secrets, user] of [
          [SECRETS, "ada"],
          ["an older secret", "ada"],
          [["another", "an older secret"], "ada"],
          [["a newer secret"], null],
          ["an older secre", null],
        ] as const
      ) assert.equal((await moved(reader({ secrets }))(older)).user, user);
    });

    it("is never over by itself, but at the reader's date", async () => {
      const cookies = await cookieOf(version, THEIRS, { maxAge: 60 });
      assert.equal((await moved(reader(), LATER)(cookies)).user, "ada");
      const until = "2027-01-01";
      assert.deepEqual(await moved(reader({ until }), LATER)(cookies), NOBODY);
    });

    it("goes on by another name, and not under that alone", async () => {
      const cookies = await cookieOf(version, THEIRS, { name: "old" });
      const cookie = { name: "old" };
      assert.equal((await moved(reader({ cookie }))(cookies)).user, "ada");
      assert.deepEqual(await moved(reader())(cookies), NOBODY);
    });

    it("is none if nothing has signed it", async () => {
      const cookies = await cookieOf(version, THEIRS, { secrets: [] });
      assert.deepEqual(Object.keys(cookies), ["__session"]);
      assert.deepEqual(await moved(reader())(cookies), NOBODY);
    });

    it("is signed as the tests of the reader do it", async () => {
      const cookies = await cookieOf(version, { user: "ada" });
      const { __session } = cookies;
      assert.equal(__session, await signed(btoa('{"user":"ada"}')));
    });
  });
}
