import type { SessionEvent } from "../src/events.ts";

/** An event of one type. */
export type EventOf<Type extends SessionEvent["type"]> =
  & SessionEvent
  & { readonly type: Type };

/** What a program has told of its sessions. */
export interface EventRecorder {
  /** The listener: the option `onEvent`. */
  readonly onEvent: (event: SessionEvent) => void;
  /** All events since the last `clear()`, in order. */
  readonly events: readonly SessionEvent[];
  /** Those of one type. */
  of<Type extends SessionEvent["type"]>(type: Type): EventOf<Type>[];
  /** The types of all since the last `clear()`, and clears. */
  take(): SessionEvent["type"][];
  /** Forgets them. */
  clear(): void;
}

/**
 * Makes a listener that keeps what it is told.
 *
 * @example Why a visitor was not known any more
 * ```ts
 * import { generateSecret, withSession } from "with-session";
 * import { Browser, createClock, createEventRecorder } from "with-session/testing";
 * import assert from "node:assert/strict";
 *
 * const clock = createClock();
 * const recorder = createEventRecorder();
 * const handler = withSession((_request, session) => {
 *   return new Response(`${session.update("visits", (n = 0) => n + 1)}`);
 * }, {
 *   secret: generateSecret(),
 *   idleTimeout: 600,
 *   now: clock.now,
 *   onEvent: recorder.onEvent,
 * });
 *
 * // Its own clock stands still, so that it still sends the cookie.
 * const browser = new Browser(handler, { now: () => 0 });
 * await browser.get();
 * clock.advance(601_000);
 * await browser.get();
 * assert.deepEqual(recorder.take(), ["created", "expired", "created"]);
 * ```
 */
export function createEventRecorder(): EventRecorder {
  const events: SessionEvent[] = [];
  return {
    events,
    onEvent: (event) => void events.push(event),
    of<Type extends SessionEvent["type"]>(type: Type) {
      return events.filter((event): event is EventOf<Type> =>
        event.type === type
      );
    },
    take: () => events.splice(0).map(({ type }) => type),
    clear: () => void events.splice(0),
  };
}
