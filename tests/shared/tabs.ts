import assert from "node:assert/strict";
import type { Session, SessionOptions } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import type { StoreBench } from "./store_bench.ts";
import { assertNoCookie } from "./support.ts";

// Tabs of one browser, of which one is slow.

/** A store that refuses no write, and shows each at once. */
export class Eventual extends MemoryStore {
  override readonly consistency = "eventual" as never;
}

/** A request that is on its way. */
export interface Slow {
  /** Its handler waits. */
  readonly arrived: Promise<void>;
  /** Lets it go on; an error is its answer, too. */
  end(): Promise<Response & { code?: string }>;
}

/** A request that stops where its handler says, and goes on when it is told. */
export function slowly(
  bench: StoreBench,
  cookie: string,
  act: (session: Session, wait: () => Promise<void>) => unknown,
  more?: Partial<SessionOptions>,
  init?: RequestInit,
): Slow {
  const arrived = Promise.withResolvers<void>();
  const told = Promise.withResolvers<void>();
  const answer = bench.act(
    cookie,
    async (session) => {
      await act(session, async () => {
        arrived.resolve();
        await told.promise;
      });
    },
    more,
    init,
  ).catch((error: unknown) => error as { code?: string });
  return {
    arrived: arrived.promise,
    async end(): Promise<Response & { code?: string }> {
      told.resolve();
      return await answer as Response & { code?: string };
    },
  };
}

/** That an answer sets no cookie: there is one without, or an error. */
export function assertOutrun(answer: Response & { code?: string }): void {
  if (answer instanceof Response) assertNoCookie(answer);
  else assert.equal((answer as { code: string }).code, "gone");
}
