import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { createSessions, SessionError, withSession } from "../../mod.ts";
import { describeSessions } from "../shared/describe_sessions.ts";
import { cookieOf } from "../shared/store_bench.ts";
import { markedSecret, requestWith } from "../shared/support.ts";
import { type Backend, type BackendName, backends } from "./backends.ts";
import type { Server } from "./server.ts";
import { runTogether } from "./worker.ts";

/**
 * Sends a signal to a server and, as PostgreSQL has one for each connection, its
 * children.
 */
function signal({ process: { pid } }: Server, name: NodeJS.Signals): number[] {
  assert.ok(pid);
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  const all = [pid, ...children.split(" ").filter(Boolean).map(Number)];
  for (const each of all) process.kill(each, name);
  return all;
}

/** Stops a server with all of its threads, for which a signal alone is late. */
async function stop(server: Server): Promise<void> {
  const all = signal(server, "SIGSTOP");
  const isStopped = (pid: number) =>
    readdirSync(`/proc/${pid}/task`).every((thread) =>
      /\) T /.test(readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8"))
    );
  while (!all.every(isStopped)) await pause(5);
}

let places = 0;
const newPlace = () => `sessions_${process.pid}_${places++}`;

for (const name of Object.keys(backends) as BackendName[]) {
  const { found, canList, start, open } = backends[name];
  describe(`sessions on ${name}`, { skip: found.skip }, () => {
    let backend: Backend;
    before(async () => {
      backend = await start();
    });
    after(() => backend?.stop());

    describeSessions(
      name,
      (now) => open(backend.address, newPlace(), now),
      { canList },
    );

    it("count to 1000 in 4 processes", async () => {
      const place = newPlace();
      const secret = markedSecret();
      const { store, close } = await open(backend.address, place);
      try {
        const sessions = createSessions({ secret, store });
        const session = sessions.create();
        session.set("n", 0);
        const token = await sessions.seal(session);
        const script = new URL("session_worker.ts", import.meta.url);
        const args = [name, backend.address, place, secret, token, "250"];
        await runTogether(script, 4, ...args);
        assert.equal((await sessions.unseal(token))?.get("n"), 1000);
      } finally {
        await close();
      }
    });

    const ours = found.path === undefined
      ? `${name} is not ours to stop`
      : false;
    it(
      "bear a server that hangs, dies and comes back",
      { skip: ours },
      async () => {
        const { server } = backend;
        assert.ok(server);
        const secret = markedSecret();
        const { store, close } = await open(backend.address, newPlace());
        const storeTimeout = 1;
        const handle = withSession((request, session) => {
          if (request.method === "POST") session.update("n", (n = 0) => n + 1);
          return Response.json(session.get("n") ?? null);
        }, { secret, store, storeTimeout });
        const guests = withSession((_request, session) => {
          assert.throws(() => session.set("n", 1), { code: "store-failed" });
          return Response.json(session.get("n") ?? null);
        }, { secret, store, storeTimeout, onStoreError: "anonymous" });
        const post = (cookie: string) =>
          handle(requestWith(cookie, undefined, { method: "POST" }));
        const cookie = cookieOf(await post(""));

        /** Under load, each request ends in time, and none in a lie. */
        const failAll = async () => {
          const requests = Array.from({ length: 20 }, (_, i) => {
            const began = performance.now();
            const request = i % 2 ? post(cookie) : handle(requestWith(cookie));
            return request.then(
              () => assert.fail("It was served"),
              (error) => {
                assert.ok(error instanceof SessionError);
                assert.equal(error.code, "store-failed");
                return performance.now() - began;
              },
            );
          });
          const longest = Math.max(...await Promise.all(requests));
          // Not how fast it is, but that it does not wait for the server.
          assert.ok(longest < storeTimeout * 5000, `It took ${longest} ms`);
          const guest = await guests(requestWith(cookie));
          assert.equal(await guest.json(), null);
          assert.deepEqual(guest.headers.getSetCookie(), []);
        };
        const untilServed = async () => {
          for (let tries = 0;; tries++) {
            try {
              return await handle(requestWith(cookie));
            } catch (error) {
              if (tries === 30) throw error;
              await pause(200);
            }
          }
        };
        try {
          await stop(server);
          await failAll();
          signal(server, "SIGCONT");
          const after = await (await untilServed()).json();
          assert.ok(after >= 1, "What was acknowledged is lost");

          await server.kill();
          await failAll();
          await backend.restart();
          const served = await (await untilServed()).json();
          // What lives in memory alone is gone, and nothing else.
          if (name === "postgres" || name === "mysql") {
            assert.ok(served >= after, "What was acknowledged is lost");
          } else assert.equal(served, null);
          const again = cookieOf(await post(""));
          assert.equal(await (await handle(requestWith(again))).json(), 1);
        } finally {
          await close();
        }
      },
    );
  });
}
