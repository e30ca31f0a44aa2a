import { LiveSession, stateOf } from "./live_session.ts";
import { openVisit } from "./opening.ts";
import type { Settings } from "./options.ts";
import type { Mark } from "./response.ts";
import { settle } from "./settling.ts";
import type { State } from "./state.ts";
import { type Phase, type Visit, visitOf } from "./visit.ts";

/** Options, or a function that makes them from the platform's arguments. */
export type OptionsFor<Options, Args extends unknown[]> =
  | Options
  | ((...args: Args) => Options);

/** One session of one request, on its way to a handler and back. */
export interface Handling {
  /** Opens it, once; at once where there is nothing to wait for. */
  open(): LiveSession | Promise<LiveSession>;
  /** The same for a handler that asks for it. */
  openLater(): Promise<LiveSession>;
  /** Keeps it, and finds what the response says of it (see `settle`). */
  settle(response: Response): Mark | Promise<Mark>;
  /**
   * Ends it: nothing may be written that is never kept, and a record that this
   * request has made stays only if its cookie is on its way.
   */
  end(isFailed: boolean): Promise<void> | undefined;
}

/** The session of a request, or the answer to a request from another site. */
export function handle(
  settings: Settings,
  request: Request,
): Handling | Promise<Handling | Response> {
  const { when, trusted } = settings;
  const isLeftOut = !!when && !when(request);
  return trusted && !isLeftOut
    ? handleTrusted(settings, request, trusted)
    : handleSession(settings, request, isLeftOut);
}

/** What the option `csrf` needs; loaded and kept as in `asking.ts`. */
let csrf: typeof import("./asked/csrf.ts") | undefined;

async function handleTrusted(
  settings: Settings,
  request: Request,
  trusted: ReadonlySet<string>,
): Promise<Handling | Response> {
  csrf ??= await import("./asked/csrf.ts");
  return csrf.forbidCrossSite(request, trusted, settings.emit) ??
    handleSession(settings, request, false);
}

function handleSession(
  settings: Settings,
  request: Request,
  isLeftOut: boolean,
): Handling {
  // Who does not ask for the session does not pay for it.
  let phase: Phase = isLeftOut ? "left-out" : "open";
  let visit: Visit | undefined;
  let opened: LiveSession | Promise<LiveSession> | undefined;
  let state: State | undefined;
  const begin = (begun: State) => new LiveSession(state = begun);
  const open = () => {
    if (opened) return opened;
    visit = visitOf(settings, isLeftOut ? undefined : request, phase);
    const begun = openVisit(visit);
    return opened = begun instanceof Promise ? begun.then(begin) : begin(begun);
  };
  const keep = (session: LiveSession, response: Response) =>
    settle(stateOf(session), response);
  return {
    open,
    // What the handler does with it comes before what is done at the end.
    openLater: () => opened = Promise.resolve(open()),
    settle: (response) => {
      if (!opened) return false;
      return opened instanceof Promise
        ? opened.then((session) => keep(session, response))
        : keep(opened, response);
    },
    end: (isFailed) => {
      phase = "late-write";
      if (visit) visit.phase = phase;
      return isFailed || !state?.isSent ? state?.abandon?.() : undefined;
    },
  };
}

/**
 * What is resolved from the options, for the platform's arguments. A function
 * is asked once for each environment, the first argument, and once in all
 * where there is none.
 */
export function resolveOnce<Options extends object, Resolved>(
  options: OptionsFor<Options, never[]>,
  resolve: (options: Options) => Resolved,
): (args: never[]) => Resolved {
  if (typeof options !== "function") {
    const resolved = resolve(options);
    return () => resolved;
  }
  const known = new WeakMap<object, Resolved>();
  return (args) => {
    const place: object = Object(args[0] ?? known);
    let resolved = known.get(place);
    if (!resolved) {
      const made = options(...args);
      // Deno passes new arguments with each request; options that stay the
      // same object still make the same keys.
      resolved = known.get(made) ?? resolve(made);
      known.set(place, resolved).set(made, resolved);
    }
    return resolved;
  };
}
