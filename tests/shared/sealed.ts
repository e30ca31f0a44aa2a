import assert from "node:assert/strict";
import {
  createSessions,
  type Session,
  type SessionEvent,
  type SessionOptions,
  type Sessions,
} from "../../mod.ts";
import { bodyOf, craft, type Fields, filled, NOW, SECRET } from "./format.ts";
import { watchEvent } from "./support.ts";

/** Sessions without requests, their clock and their events. */
export interface SealedBench {
  readonly sessions: Sessions;
  readonly events: SessionEvent[];
  /** Sets the clock, in seconds since 1970. */
  at(seconds: number): void;
  /** The token of a new session. */
  seal(): Promise<string>;
  /** The session of an authentic token with this body. */
  open(fields: Fields): Promise<Session | null>;
  /** Why a token is refused; the event and the answer must agree. */
  reasonOf(token: string): Promise<string | undefined>;
}

/** Sessions with a clock and a record of their events. */
export function setUp(more: Partial<SessionOptions> = {}): SealedBench {
  let now = NOW;
  const events: SessionEvent[] = [];
  const sessions = createSessions({
    secret: SECRET,
    ...more,
    now: () => now * 1000,
    onEvent: (event) => {
      events.push(event);
      watchEvent(event);
    },
  });
  return {
    events,
    sessions,
    at(seconds: number) {
      now = seconds;
    },
    async seal() {
      const session = sessions.create();
      session.set("cart", ["apple"]);
      const token = await sessions.seal(session);
      events.length = 0;
      return token;
    },
    async open(fields: Fields) {
      const body = bodyOf({ sid: filled(16, 7), ...fields });
      return await sessions.unseal(await craft({ body }));
    },
    async reasonOf(token: string) {
      events.length = 0;
      const session = await sessions.unseal(token);
      assert.equal(events.length, 1);
      const [event] = events;
      assert.ok(event);
      if (event.type === "opened") {
        assert.ok(session);
        return undefined;
      }
      assert.equal(session, null);
      assert.ok(event.type === "rejected" || event.type === "expired");
      return event.reason;
    },
  };
}
