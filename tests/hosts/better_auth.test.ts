import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withSession } from "../../mod.ts";
import {
  betterAuth,
  type BetterAuthCache,
  type BetterAuthOptions,
} from "../../readers/better-auth.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { setUp } from "../shared/support.ts";
import {
  type Before,
  ORIGIN,
  SECRET,
  startBefore,
  VERSIONS,
} from "./_better_auth.ts";
import { Jar } from "./_express_session.ts";

const TOKEN = "__Secure-better-auth.session_token";
const DATA = "__Secure-better-auth.session_data";
const ADA = { user: "ada", verified: false };
const NOBODY = { user: null };

/** A program that has moved, by a jar's cookies. */
function moved(
  more: Partial<BetterAuthOptions>,
  store?: MemoryStore,
): (jar: Jar, path?: string) => Promise<unknown> {
  const handle = withSession((request, session) => {
    if (new URL(request.url).pathname === "/sign-out") session.destroy();
    const user = session.userId ?? null;
    return Response.json({ user, ...session.toJSON() });
  }, {
    ...setUp({ now: Date.now }).options,
    store,
    accept: [betterAuth({
      secret: SECRET,
      until: "2100-01-01",
      map: ({ user: { name, emailVerified } }) => ({
        user: name,
        data: { verified: emailVerified },
      }),
      ...more,
    })],
  });
  return async (jar, path = "/") => {
    const headers = { cookie: jar.field };
    const response = await handle(new Request(ORIGIN + path, { headers }));
    jar.take(response);
    return await response.json();
  };
}

/** Reads a database, as a program would. */
const lookingIn = ({ find, end }: Before) => ({ find, end });

for (const version of VERSIONS) {
  describe(`sessions of ${version} in its database`, () => {
    it("go on, and their cookies are removed", async () => {
      const before = startBefore(version, {
        session: { cookieCache: { enabled: true } },
      });
      const jar = new Jar();
      await before.signUp(jar, "ada");
      assert.deepEqual([...jar.cookies.keys()].sort(), [DATA, TOKEN]);
      const visit = moved(lookingIn(before));
      assert.deepEqual(await visit(jar), ADA);
      assert.deepEqual([...jar.cookies.keys()], ["__Host-sid"]);
      assert.deepEqual(await visit(jar), ADA);
    });

    it("are none once they are over, or have ended there", async () => {
      const before = startBefore(version);
      const [over, ended] = [new Jar(), new Jar()];
      await before.signUp(over, "ada");
      await before.signUp(ended, "bob");
      const visit = moved(lookingIn(before));
      const copy = ended.copy();
      await before.ask(ended, "/sign-out", {});
      assert.deepEqual(await visit(copy), NOBODY);
      const [row] = before.tables["session"] ?? [];
      assert.ok(row?.["expiresAt"]);
      row["expiresAt"] = new Date(Date.now() - 1);
      assert.deepEqual(await visit(over), NOBODY);
    });

    for (const isKept of [false, true]) {
      it(`end with a logout here, ${isKept ? "with" : "without"} keep`, async () => {
        const before = startBefore(version);
        const jar = new Jar();
        await before.signUp(jar, "ada");
        const keep = isKept;
        const visit = moved({ ...lookingIn(before), keep }, new MemoryStore());
        const copy = jar.copy();
        if (keep) assert.deepEqual(await visit(jar), ADA);
        if (keep) {
          assert.equal(
            (await before.ask(jar, "/get-session")).user.name,
            "ada",
          );
        }
        await visit(jar, "/sign-out");
        assert.deepEqual([...jar.cookies.keys()], []);
        assert.equal(await before.ask(copy, "/get-session"), null);
        assert.deepEqual(await visit(copy), NOBODY);
      });
    }

    it("end here with a logout there, with keep", async () => {
      const before = startBefore(version);
      const jar = new Jar();
      await before.signUp(jar, "ada");
      const visit = moved({ ...lookingIn(before), keep: true });
      assert.deepEqual(await visit(jar), ADA);
      await before.ask(jar, "/sign-out", {});
      assert.deepEqual(await visit(jar), NOBODY);
    });

    it("go on by any secret of a list, and by no other", async () => {
      const before = startBefore(version);
      const jar = new Jar();
      await before.signUp(jar, "ada");
      for (
        const [secret, shown] of [
          [["newer", SECRET], ADA],
          [[SECRET, "older"], ADA],
          [["newer"], NOBODY],
          [`${SECRET} `, NOBODY],
        ] as const
      ) {
        const visit = moved({ ...lookingIn(before), secret });
        assert.deepEqual(await visit(jar.copy()), shown);
      }
    });

    it("go on by the name for plain http, or one with a prefix", async () => {
      for (
        const [more, name] of [
          [{ baseURL: "http://shop.example" }, "better-auth.session_token"],
          [
            { advanced: { cookiePrefix: "my-shop" } },
            "__Secure-my-shop.session_token",
          ],
        ] as const
      ) {
        const before = startBefore(version, {
          trustedOrigins: [ORIGIN],
          ...more,
        });
        const jar = new Jar();
        await before.signUp(jar, "ada");
        assert.deepEqual([...jar.cookies.keys()], [name]);
        const usual = moved(lookingIn(before));
        assert.deepEqual(await usual(jar.copy()), NOBODY);
        const visit = moved({ ...lookingIn(before), cookie: { name } });
        assert.deepEqual(await visit(jar), ADA);
        assert.deepEqual([...jar.cookies.keys()], ["__Host-sid"]);
      }
    });
  });

  const strategies: readonly BetterAuthCache[] = version.endsWith("1.3")
    ? ["compact"]
    : ["compact", "jwt", "jwe"];
  for (const strategy of strategies) {
    describe(`sessions of ${version} in cookies, ${strategy}`, () => {
      const start = (more: object = {}) =>
        startBefore(version, {
          session: {
            cookieCache: { enabled: true, maxAge: 3600, strategy, ...more },
          },
        });

      it("go on without a question to anybody", async () => {
        const jar = new Jar();
        await start().signUp(jar, "ada");
        const visit = moved({ cache: strategy });
        assert.deepEqual(await visit(jar), ADA);
        assert.deepEqual([...jar.cookies.keys()], ["__Host-sid"]);
      });

      it("need the token that is in them, and this strategy", async () => {
        const before = start();
        const [jar, other] = [new Jar(), new Jar()];
        await before.signUp(jar, "ada");
        await before.signUp(other, "bob");
        const mixed = jar.copy();
        mixed.cookies.set(TOKEN, other.cookies.get(TOKEN) ?? "");
        const alone = jar.copy();
        alone.cookies.delete(TOKEN);
        for (const bad of [mixed, alone]) {
          assert.deepEqual(await moved({ cache: strategy })(bad), NOBODY);
        }
        const rest = (["compact", "jwt", "jwe"] as const)
          .filter((each) => each !== strategy);
        for (const cache of rest) {
          assert.deepEqual(await moved({ cache })(jar.copy()), NOBODY);
        }
        const secret = "another secret of 32 characters, or more";
        const wrong = moved({ cache: strategy, secret });
        assert.deepEqual(await wrong(jar.copy()), NOBODY);
      });

      it("are over when the cookie is, or the session", async () => {
        const jar = new Jar();
        await start().signUp(jar, "ada");
        const at = async (seconds: number) =>
          !!await betterAuth({
            secret: SECRET,
            cache: strategy,
            until: "2100-01-01",
            map: ({ user }) => ({ user: user.id }),
          }).read({
            names: [...jar.cookies.keys()],
            valuesOf: (name) => [jar.cookies.get(name) ?? []].flat(),
            now: Date.now() + seconds * 1000,
          });
        assert.equal(await at(3500), true);
        assert.equal(await at(3630), false);
        const long = new Jar();
        const far = start({ maxAge: 30 * 86_400 });
        await far.signUp(long, "ada");
        jar.cookies.clear();
        for (const [name, value] of long.cookies) jar.cookies.set(name, value);
        assert.equal(await at(6 * 86_400), true);
        assert.equal(await at(8 * 86_400), false);
      });

      it("are refused with each character changed", async () => {
        const jar = new Jar();
        await start().signUp(jar, "ada");
        const reader = betterAuth({
          secret: SECRET,
          cache: strategy,
          until: "2100-01-01",
          map: ({ user }) => ({ user: user.name }),
        });
        const read = (data: string) =>
          reader.read({
            names: [TOKEN, DATA],
            valuesOf: (
              name,
            ) => [name === TOKEN ? jar.cookies.get(TOKEN) ?? "" : data],
            now: Date.now(),
          });
        const data = jar.cookies.get(DATA) ?? "";
        assert.equal((await read(data))?.user, "ada");
        for (let i = 0; i < data.length; i++) {
          const char = data[i] === "A" ? "B" : "A";
          const forged = data.slice(0, i) + char + data.slice(i + 1);
          assert.equal(await read(forged), undefined, `${i}`);
        }
      });

      if (version.endsWith("1.3")) return;

      it("go on by their version alone", async () => {
        const jar = new Jar();
        await start({ version: "2" }).signUp(jar, "ada");
        const first = moved({ cache: strategy });
        assert.deepEqual(await first(jar.copy()), NOBODY);
        const second = moved({ cache: strategy, version: "2" });
        assert.deepEqual(await second(jar), ADA);
      });

      it("are read in parts, which are all removed", async () => {
        const before = start();
        const jar = new Jar();
        await before.signUp(jar, "ada");
        const image = `https://shop.example/${"x".repeat(6000)}`;
        await before.ask(jar, "/update-user", { image });
        const parts = [...jar.cookies.keys()].filter((name) =>
          /\.\d$/.test(name)
        );
        assert.ok(parts.length > 1, `${[...jar.cookies.keys()]}`);
        const swapped = jar.copy();
        swapped.cookies.set(`${DATA}.0`, jar.cookies.get(`${DATA}.1`) ?? "");
        assert.deepEqual(await moved({ cache: strategy })(swapped), NOBODY);
        assert.deepEqual(await moved({ cache: strategy })(jar), ADA);
        assert.deepEqual([...jar.cookies.keys()], ["__Host-sid"]);
      });
    });
  }
}
