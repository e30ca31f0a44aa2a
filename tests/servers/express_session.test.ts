import { RedisStore as ConnectRedis } from "connect-redis";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { createClient } from "redis";
import type { ExpressSessionStore } from "../../readers/express-session.ts";
import { RedisStore } from "../../stores/redis.ts";
import { closeServers } from "../hosts/_express.ts";
import { Jar, startNew, startOld } from "../hosts/_express_session.ts";
import { randomOf } from "../../proofs/soak/random.ts";
import { found, newPrefix, type RedisServer, startRedis } from "./redis.ts";

// A program on express-session and connect-redis is replaced, server by server,
// by one with sessions of ours: both run side by side on one Redis.

const OLD = "express-session 1.19";
const ANN = { user: "ann", cart: [1, 2] };
const NOBODY = { user: null, cart: [] };

describe(
  "a move from express-session with connect-redis",
  { skip: found.skip },
  () => {
    let redis: RedisServer;
    let client: ReturnType<typeof createClient>;
    let theirs: ConnectRedis & ExpressSessionStore;
    let old: string;

    before(async () => {
      redis = await startRedis();
      client = createClient({ url: redis.url });
      client.on("error", () => {});
      await client.connect();
      theirs = new ConnectRedis({ client, prefix: newPrefix() });
      old = await startOld(OLD, theirs);
    });

    after(async () => {
      closeServers();
      await client?.close();
      await redis?.stop();
    });

    const kinds = {
      "in cookies": () => ({}),
      "in a store": () => ({
        store: new RedisStore(client, { prefix: newPrefix() }),
      }),
    } as const;

    for (const [where, options] of Object.entries(kinds)) {
      it(`signs nobody out who hops between old and new servers, ${where}`, async () => {
        const more = options();
        const both = { secret: "a secret of 32 characters, or more", ...more };
        const servers = [
          old,
          await startOld(OLD, theirs),
          (await startNew(theirs, both, { keep: true })).origin,
          (await startNew(theirs, both, { keep: true })).origin,
        ];
        const random = randomOf(15);
        const pick = () => random.pick(servers);
        await Promise.all(Array.from({ length: 8 }, async (_, i) => {
          const jar = new Jar();
          const user = `user${i}`;
          await jar.get(`${old}/login/${user}`);
          for (let step = 0; step < 40; step++) {
            // Some pages make several requests at a time.
            const many = step % 8 ? 1 : 3;
            const seen = await Promise.all(
              Array.from({ length: many }, () => jar.get(`${pick()}/`)),
            );
            for (const each of seen) assert.equal(each.user, user);
          }
          // A rollback: the old program alone.
          assert.equal((await jar.get(old)).user, user);
        }));
      });

      it(`ends both by a logout on either side, ${where}`, async () => {
        const { origin } = await startNew(theirs, options(), { keep: true });
        for (const [first, second] of [[old, origin], [origin, old]]) {
          const jar = new Jar();
          await jar.get(`${old}/login/ann`);
          assert.deepEqual(await jar.get(origin), ANN);
          const copy = jar.copy();
          await jar.get(`${first}/logout`);
          for (const each of [jar, copy]) {
            assert.deepEqual(await each.get(`${second}`), NOBODY);
          }
          for (const each of [jar, copy]) {
            assert.deepEqual(await each.get(old), NOBODY);
          }
          assert.deepEqual(await jar.get(origin), NOBODY);
        }
      });

      it(`follows who signs in there as another user, ${where}`, async () => {
        const { origin } = await startNew(theirs, options(), { keep: true });
        const jar = new Jar();
        await jar.get(`${old}/login/ann`);
        await jar.get(`${origin}/add/3`);
        await jar.get(`${old}/login/bob`);
        assert.deepEqual(await jar.get(origin), { user: "bob", cart: [1, 2] });
      });

      it(`keeps what either side has written to itself, ${where}`, async () => {
        const { origin } = await startNew(theirs, options(), { keep: true });
        const jar = new Jar();
        await jar.get(`${old}/login/ann`);
        await jar.get(`${origin}/add/3`);
        assert.deepEqual(await jar.get(old), ANN);
        assert.deepEqual(await jar.get(origin), { ...ANN, cart: [1, 2, 3] });
      });

      it(`is over with \`keep: false\`, for those who came before and after, ${where}`, async () => {
        const both = {
          secret: "a secret of 32 characters, or more",
          ...options(),
        };
        const during = await startNew(theirs, both, { keep: true });
        const moved = await startNew(theirs, both);
        const early = new Jar();
        await early.get(`${old}/login/ann`);
        await early.get(`${during.origin}/add/3`);
        const later = new Jar();
        await later.get(`${old}/login/bob`);
        for (let i = 0; i < 3; i++) {
          const ann = await early.get(moved.origin);
          assert.deepEqual(ann, { ...ANN, cart: [1, 2, 3] });
          assert.equal((await later.get(moved.origin)).user, "bob");
        }
        assert.deepEqual([...later.cookies.keys()].length, 1);
        // What is still in the browser ends with the logout, too.
        assert.equal(early.cookies.has("connect.sid"), true);
        const copy = early.copy();
        await early.get(`${moved.origin}/logout`);
        assert.deepEqual([...early.cookies.keys()], []);
        assert.deepEqual(await copy.get(old), NOBODY);
      });
    }

    it("takes each session over once in a store, however many requests come", async () => {
      const store = new RedisStore(client, { prefix: newPrefix() });
      const both = { secret: "a secret of 32 characters, or more", store };
      const servers = [
        await startNew(theirs, both),
        await startNew(theirs, both),
        await startNew(theirs, both),
      ];
      const jar = new Jar();
      await jar.get(`${old}/login/ann`);
      const copy = jar.copy();
      const answers = await Promise.all(
        Array.from(
          { length: 12 },
          (_, i) => jar.copy().get(`${servers[i % 3]?.origin}/add/${10 + i}`),
        ),
      );
      assert.ok(answers.every(({ user }) => user === "ann"));
      const { cart } = await jar.get(`${servers[0]?.origin}/`);
      assert.deepEqual(
        cart.toSorted((a, b) => a - b),
        [1, 2, ...Array.from({ length: 12 }, (_, i) => 10 + i)],
      );
      await jar.get(`${servers[1]?.origin}/logout`);
      // The session of before is still in its store, and was taken over.
      assert.deepEqual(await copy.get(`${servers[2]?.origin}/`), NOBODY);
    });

    it("goes by the store, as a session's own cookie is not renewed there", async () => {
      const short = { cookie: { maxAge: 1500 } };
      const prefix = newPrefix();
      const store = new ConnectRedis({ client, prefix });
      const there = await startOld(OLD, store, short);
      const { origin } = await startNew(
        store as typeof store & ExpressSessionStore,
      );
      const jar = new Jar();
      await jar.get(`${there}/login/ann`);
      for (let i = 0; i < 4; i++) {
        await new Promise((resolve) => setTimeout(resolve, 500));
        assert.deepEqual(await jar.get(there), ANN);
      }
      assert.deepEqual(await jar.get(origin), ANN);
    });
  },
);
