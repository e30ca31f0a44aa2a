// A response that cannot be kept looks as if it had left until somebody is asked
// for an answer: what a store still has to remove may take as long as it likes.

import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { after, describe, it } from "node:test";
import { MemoryStore } from "../../stores/memory.ts";
import { START } from "../shared/support.ts";
import {
  type AppName,
  APPS,
  closeServers,
  cookieOf,
  start,
} from "./_express.ts";

after(closeServers);

/**
 * A store that goes down. That it is, it says later once the response is given
 * up: an end is tried twice before that, and again then.
 */
class FailingStore extends MemoryStore {
  isDown = false;
  readonly asked = Promise.withResolvers<void>();
  readonly answered = Promise.withResolvers<void>();
  #ends = 0;

  override async delete(key: string): Promise<void> {
    if (!this.isDown) return await super.delete(key);
    if (++this.#ends > 2) {
      this.asked.resolve();
      await this.answered.promise;
    }
    throw new Error("down");
  }
}

/** Ways to answer whose handler goes on. */
const WAYS: Readonly<Record<string, (res: ServerResponse) => unknown>> = {
  "end()": (res) => res.end("signed in"),
  "write()": (res) => res.write("signed in"),
};

describe("a handler that looks whether it has answered", () => {
  for (const app of Object.keys(APPS) as AppName[]) {
    for (const [name, write] of Object.entries(WAYS)) {
      it(`has, until an error handler is asked: ${app}, ${name}`, async () => {
        const store = new FailingStore({ now: () => START });
        const { get } = await start(app, async ({ session }, res) => {
          session.reset();
          session.login("ada");
          if (!store.isDown) {
            res.end("signed in");
            return;
          }
          write(res);
          await store.asked.promise;
          if (!res.headersSent) {
            res.setHeader("location", "/welcome");
            res.end("signed in again");
          }
          store.answered.resolve();
        }, { store });
        const cookie = cookieOf(await get());
        store.isDown = true;
        const response = await get(cookie);
        assert.equal(response.status, 500);
        assert.equal(await response.text(), "error: store-failed");
        assert.equal(response.headers.get("location"), null);
      });
    }
  }
});
