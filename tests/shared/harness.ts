import type { SessionEvent } from "../../mod.ts";
import { Browser } from "../../testing/browser.ts";
import type { Clock, Handler, MoreOptions } from "./support.ts";

/** What a case runs on: handlers with a session, wherever its data is kept. */
export interface HttpHarness {
  readonly clock: Clock;
  /** What every handler of the harness has told so far. */
  readonly events: SessionEvent[];
  /** Wraps a handler; the options go over the harness's own. */
  wrap(
    handler: Handler,
    options?: MoreOptions,
  ): (request: Request) => Promise<Response>;
}

/** One rule that can be seen over HTTP. */
export interface HttpCase {
  readonly name: string;
  /** It needs the data to be in the cookie. */
  readonly sealedOnly?: true;
  /** It needs a store that can compare and swap, or needs that there is none. */
  readonly strongOnly?: boolean;
  run(harness: HttpHarness): Promise<void>;
}

/** A browser in front of a wrapped handler. */
export function browse(
  harness: HttpHarness,
  handler: Handler,
  options?: MoreOptions,
  origin?: string,
): Browser {
  return visit(harness, harness.wrap(handler, options), origin);
}

/** One more browser in front of the same. */
export function visit(
  { clock }: HttpHarness,
  handle: (request: Request) => Promise<Response>,
  origin?: string,
): Browser {
  return new Browser(handle, {
    now: () => clock.now,
    ...origin !== undefined && { origin },
  });
}
