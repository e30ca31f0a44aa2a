import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withSession } from "../../mod.ts";
import { httpCases } from "./http_cases/all.ts";
import { answerCases } from "./store_answers.ts";
import { type OpenStore, StoreBench } from "./store_bench.ts";
import { keepingCases } from "./store_keeping.ts";
import { overtakenCases } from "./store_overtaken.ts";
import { raceCases } from "./store_races.ts";
import { setUp } from "./support.ts";

/**
 * Registers what holds over HTTP on a store, and all races.
 *
 * `open` gives what that of `describeStore` does, but for the clock. There it is
 * the store's, and `open` makes it, as a back end may have one to be moved with
 * it. Here all of a session goes by it, in years when no back end removes
 * anything by itself, and now and then it goes back: so the case makes it.
 *
 * @param canList Whether the store lists a user's sessions.
 * @param isStrong Whether it can compare and swap; else there are no races.
 */
export function describeSessions(
  name: string,
  open: OpenStore,
  { canList = true, isStrong = true }: {
    canList?: boolean;
    isStrong?: boolean;
  } = {},
): void {
  describe(`${name}: sessions over HTTP`, () => {
    for (const { name, run, sealedOnly, strongOnly } of httpCases) {
      if (sealedOnly || (strongOnly ?? isStrong) !== isStrong) continue;
      it(name, async () => {
        const { clock, events, options } = setUp({ tokenCache: undefined });
        const { store, close } = await open(() => clock.now);
        try {
          await run({
            clock,
            events,
            wrap: (handler, more) =>
              withSession(handler, { ...options, store, ...more }),
          });
        } finally {
          await close?.();
        }
      });
    }
  });
  if (isStrong) {
    const cases = [
      ...raceCases,
      ...answerCases,
      ...keepingCases,
      ...overtakenCases,
    ];
    describe(`${name}: races`, () => {
      for (const { name, run, needsList } of cases) {
        if (needsList && !canList) continue;
        it(name, async () => {
          const bench = setUp({ tokenCache: undefined });
          const opened = await open(() => bench.clock.now);
          try {
            const stored = new StoreBench(bench, opened);
            assert.equal(stored.canList, canList);
            await run(stored);
          } finally {
            await opened.close?.();
          }
        });
      }
    });
  }
}
