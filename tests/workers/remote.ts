/** Stores in several Workers, and after the end of workerd. */

import type { Miniflare } from "miniflare";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SessionListing, SessionStore } from "../../src/store/contract.ts";
import { createClock, runStoreCase, storeCases } from "../../testing.ts";
import type { RemoteAnswer, RemoteCall } from "./remote_worker.ts";
import { bundle, start, temporaryFolder, workerOf } from "./suite.ts";

type Kind = RemoteCall["kind"];

/** Registers the cases about two stores on one back end. */
export async function describeRemotely(kind: Kind): Promise<void> {
  const code = await bundle("remote_worker");
  const folder = temporaryFolder();
  const run = () => start(twoWorkers(code), folder);
  let running = run();
  const open = async (first: string, second: string, restart = false) => {
    const clock = createClock();
    const space = `space${crypto.randomUUID().slice(0, 8)}`;
    const call = callerOf({ kind, space }, clock.now, () => running.miniflare);
    if (kind === "D1Store") await call(first, "createSchema");
    const reopen = async () => {
      if (restart) {
        await running.stop();
        running = run();
      }
      return remoteStore((...rest) => call(second, ...rest));
    };
    const store = remoteStore((...rest) => call(first, ...rest));
    return { ...clock, store, reopen };
  };

  describe(`${kind} in two Workers`, () => {
    for (const storeCase of storeCases) {
      if (!storeCase.needs?.includes("reopen")) continue;
      it(
        storeCase.name,
        () => runStoreCase(storeCase, () => open("first", "second")),
      );
    }
  });

  describe(`${kind} after the end of workerd`, () => {
    let cases = 0;
    for (const storeCase of storeCases) {
      const { name, needs } = storeCase;
      if (!needs?.includes("reopen") || !name.includes("reopened")) continue;
      cases++;
      it(
        name,
        () => runStoreCase(storeCase, () => open("first", "first", true)),
      );
    }
    it("there are such cases", () => assert.equal(cases, 2));
  });
}

/** Two Workers on the same objects and the same database. */
function twoWorkers(code: string): ReturnType<typeof workerOf>[] {
  const first = workerOf("first", code);
  const SESSIONS = { className: "SessionObject", useSQLite: true };
  return [
    { ...first, durableObjects: { SESSIONS } },
    {
      ...first,
      name: "second",
      durableObjects: { SESSIONS: { ...SESSIONS, scriptName: "first" } },
    },
  ];
}

type Method = RemoteCall["method"];

/** Calls a method of a store in the Worker by this name. */
function callerOf(
  place: Pick<RemoteCall, "kind" | "space">,
  now: () => number,
  miniflare: () => Miniflare,
) {
  return async (worker: string, method: Method, ...args: unknown[]) => {
    const body = { ...place, method, args, now: now() } satisfies RemoteCall;
    const { fetch } = await miniflare().getWorker(worker);
    const response = await fetch("http://worker.test/", {
      method: "POST",
      body: JSON.stringify(body),
    });
    const answer = await response.json() as RemoteAnswer;
    if (!("error" in answer)) return answer.result;
    throw Object.assign(new Error(answer.error.message), answer.error);
  };
}

function remoteStore(
  call: (method: Method, ...args: unknown[]) => Promise<unknown>,
): SessionStore {
  const ask = async <Result>(method: Method, ...args: unknown[]) =>
    await call(method, ...args) as Result;
  return {
    consistency: "strong",
    create: (key, record) => ask("create", key, record),
    get: (key) => ask("get", key),
    update: (key, record, revision) => ask("update", key, record, revision),
    delete: (key) => ask("delete", key),
    async *listByUser(user) {
      yield* await ask<SessionListing[]>("listByUser", user);
    },
  };
}
