// A response that is held for a keeper of the test's own.

import type { Keeper } from "../../src/node/hold.ts";
import { Idle } from "../../src/node/idle.ts";
import type { Mark } from "../../src/node/respond.ts";
import { NotedResponse } from "./_node_response.ts";

/** What is asked of who keeps the session. */
export interface Held {
  readonly res: NotedResponse;
  /** What was asked, and how the response was then. */
  readonly asked: string[];
  readonly keep: PromiseWithResolvers<Mark | undefined>;
  /** Ends the wait, and waits until the response has left. */
  release(mark?: Mark): Promise<void>;
  fail(error?: unknown): Promise<void>;
}

type Kept = ReturnType<Keeper["keep"]>;

async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await undefined;
}

/** Holds a response for a keeper that answers so, or else waits. */
export function hold(
  {
    res = new NotedResponse(),
    keep,
    answer = (_error, answerPlainly) => answerPlainly(),
  }: {
    res?: NotedResponse;
    keep?: () => Kept;
    answer?: Keeper["fail"];
  } = {},
): Held {
  const waited = Promise.withResolvers<Mark | undefined>();
  const asked: string[] = [];
  const idle = new Idle(res.whole, {
    keep() {
      asked.push(`keep ${res.statusCode}`);
      return keep ? keep() : waited.promise;
    },
    leave: () => void asked.push("leave"),
    markFailed: () => void asked.push("mark"),
    forget: () => Promise.resolve(),
    fail(error, plainly, isLast) {
      asked.push(`fail ${(error as Error).message}`);
      return answer(error, plainly, isLast);
    },
  });
  idle.hold();
  return {
    res,
    asked,
    keep: waited,
    async release(mark) {
      waited.resolve(mark);
      await turns();
    },
    async fail(error = new Error("down")) {
      waited.reject(error);
      await turns();
    },
  };
}
