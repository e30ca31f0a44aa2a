import assert from "node:assert/strict";
import {
  type AnyData,
  generateSecret,
  type Session,
  type SessionEvent,
  type SessionHandler,
  type SessionOptions,
} from "../../mod.ts";
import { findLeaks, mark } from "../../tools/leaks.mjs";

/** A handler of one session and nothing of a platform. */
export type Handler = SessionHandler<AnyData, []>;

/** All options but what a harness has of its own. */
export type MoreOptions = Omit<Partial<SessionOptions>, "lazy">;

/** 2036-01-01, in ms since 1970: no back end removes what is alive by this clock. */
export const START: number = Date.UTC(2036, 0, 1);

/** A clock that stands until it is moved. */
export class Clock {
  now: number = START;

  /** Moves on, or back, by seconds. */
  advance(seconds: number): void {
    this.now += seconds * 1000;
  }
}

/** Options with a secret, a clock and a recorder of events. */
export interface Bench {
  readonly clock: Clock;
  readonly events: SessionEvent[];
  readonly options: Omit<SessionOptions, "lazy">;
}

export function setUp(more: MoreOptions = {}): Bench {
  const clock = new Clock();
  const events: SessionEvent[] = [];
  const options = {
    secret: markedSecret(),
    now: () => clock.now,
    onEvent: (event: SessionEvent) => {
      events.push(event);
      watchEvent(event);
    },
    // Each test opens what it has sealed, unless it is about that.
    tokenCache: 0,
    ...more,
  };
  return { clock, events, options };
}

/** Prints an event that shows too much: the runner searches what is printed. */
export function watchEvent(event: SessionEvent): void {
  const text = JSON.stringify(event);
  if (findLeaks(text).length) console.error(text);
}

/** A secret of which no part may ever be printed. */
export function markedSecret(): string {
  return mark(generateSecret());
}

/** The types of the events since the last look, which empties the record. */
export function typesOf(events: SessionEvent[]): string[] {
  return events.splice(0).map(({ type }) => type);
}

const HARMLESS: Record<string, RegExp> = {
  type: /^[a-z-]+$/,
  // 8 of the 22 characters that would be the whole.
  id: /^[\w-]{8}$/,
  keyId: /^([0-9a-f]{8}|\d{1,10}|undefined)$/,
  reason: /^[a-z0-9-]+$/,
  bytes: /^\d+$/,
  from: /^[a-z-]+$/,
};

/** That an event holds what it may hold, and no room for anything else. */
export function assertHarmless(events: readonly SessionEvent[]): void {
  for (const event of events) {
    for (const [key, value] of Object.entries(event)) {
      const pattern = HARMLESS[key];
      assert.ok(pattern, `${event.type} holds ${key}`);
      assert.match(`${value}`, pattern, `${key} of ${event.type}`);
    }
  }
}

/** The one `Set-Cookie` line of a response. */
export function lineOf(response: Response): string {
  const lines = response.headers.getSetCookie();
  assert.equal(lines.length, 1, `Set-Cookie: ${lines.length} lines, not 1`);
  return lines[0] as string;
}

/** The value in the one `Set-Cookie` line of a response. */
export function tokenOf(response: Response): string {
  return /^[^=;]+=([^;]*)/.exec(lineOf(response))?.[1] ?? "";
}

/** What stands behind name and value in the one `Set-Cookie` line. */
export function attributesOf(response: Response): string {
  return lineOf(response).replace(/^[^;]*; /, "");
}

export function assertNoCookie(response: Response): void {
  assert.deepEqual(response.headers.getSetCookie(), []);
}

/** A request as a browser would send it, with a `Cookie` field. */
export function requestWith(
  cookie: string,
  url = "https://example.com/",
  init: RequestInit = {},
): Request {
  const headers = new Headers(init.headers);
  headers.set("cookie", cookie);
  return new Request(url, { ...init, headers });
}

/** What a script of the page asks for, not the visitor. */
export const IN_BACKGROUND: RequestInit = {
  headers: { "sec-fetch-dest": "empty" },
};

/** What a visitor clicks. */
export const NAVIGATION: RequestInit = {
  headers: { "sec-fetch-dest": "document" },
};

/** The token with the bits of one byte turned. */
export function turn(token: string, index: number, bits: number): string {
  const text = atob(token.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0));
  const at = index < 0 ? bytes.length + index : index;
  bytes[at] = (bytes[at] as number) ^ bits;
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-")
    .replaceAll("/", "_").replaceAll("=", "");
}

/** A handler that does what the path says, for tests of many requests. */
export function router(
  routes: Record<string, (session: Session, request: Request) => unknown>,
): Handler {
  return async (request, session) => {
    const { pathname } = new URL(request.url);
    const answer = await routes[pathname.slice(1)]?.(session, request);
    if (answer instanceof Response) return answer;
    return Response.json(answer ?? null);
  };
}
