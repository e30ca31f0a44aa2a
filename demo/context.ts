import { AsyncLocalStorage } from "node:async_hooks";
import type { SessionEvent } from "../mod.ts";

/** An event, and when it happened, in ms since 1970. */
export interface Told {
  readonly at: number;
  readonly event: SessionEvent;
  /** The request in which it happened. */
  readonly by: string;
}

/**
 * What is known of one request while it runs. Events and stores are asked for
 * deep inside of the library, and a process has one listener for all visitors:
 * so this is how an event finds the one visitor whom it may be shown to.
 */
export interface Context {
  readonly told: Told[];
  tell(event: SessionEvent): void;
  /** In which place of the world it has arrived, for the late KV. */
  readonly place: number;
  /** How long the late KV takes for a write of this request, in ms. */
  readonly delay: number;
  /** The ids of its session: as it came, and as it is now. */
  ids?: { readonly before: string; readonly after: string };
}

const contexts = new AsyncLocalStorage<Context>();

/** Runs something for one request. */
export function runIn<Result>(context: Context, run: () => Result): Result {
  return contexts.run(context, run);
}

/** The request that is being answered, if this belongs to any. */
export function currentContext(): Context | undefined {
  return contexts.getStore();
}
