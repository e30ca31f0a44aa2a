import { tagOf } from "./check.ts";
import { LiveSession, stateOf } from "./live_session.ts";
import { openVisit } from "./opening.ts";
import type { Settings } from "./options.ts";
import type { Mark } from "./response.ts";
import { settle } from "./settling.ts";
import type { State } from "./state.ts";
import { unawaited } from "./unawaited.ts";
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
  settle(response: Response): Mark | undefined | Promise<Mark | undefined>;
  /**
   * Ends it: nothing may be written that is never kept, and a record that this
   * request has made stays only if its cookie is on its way.
   *
   * @param isFailed Then only the end of a session stands.
   * @param outcome The response or, if the request has failed, the error.
   */
  end(isFailed: boolean, outcome: unknown): Promise<void> | undefined;
  /** What is behind it, once it is open. */
  state(): State | undefined;
  readonly settings: Settings;
  /** That of a handler around this one, which may be of another session. */
  readonly outer: Handling | undefined;
}

/**
 * Where a request has the handling that it is in, for who has the key: neither a
 * program that looks at its symbols nor a log that prints them gets to the
 * secrets behind it.
 */
const HANDLING = Symbol();
const KEY = {};
type Note = (key: object) => Handling | undefined;
type Handled = Request & { [HANDLING]?: Note };

/** Notes it; a request that is frozen, say, is in none. */
function note(request: Handled, handling?: Handling): void {
  const open: Note = (key) => key === KEY ? handling : undefined;
  Reflect.set(request, HANDLING, open);
}

/**
 * The answer that a handler has thrown, `throw redirect("/login")` say: it is
 * one like any other, told by what is needed of it. An error is none.
 *
 * @throws What is no answer.
 */
export function answerOf(thrown: unknown): Response {
  // Of whatever realm or library.
  if (tagOf(thrown) === "[object Response]") return thrown as Response;
  throw thrown;
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
): Handling | Promise<Handling> {
  const outer = isLeftOut ? undefined : handlingOf(request);
  return outer
    ? import("./asked/around.ts").then(({ findAround }) =>
      findAround(settings, outer) ?? begin(settings, request, false, outer)
    )
    : begin(settings, request, isLeftOut);
}

function begin(
  settings: Settings,
  request: Handled,
  isLeftOut: boolean,
  outer?: Handling,
): Handling {
  // Who does not ask for the session does not pay for it.
  let phase: Phase = isLeftOut ? "left-out" : "open";
  let visit: Visit | undefined;
  let opened: LiveSession | Promise<LiveSession> | undefined;
  let session: LiveSession | undefined;
  const show = (begun: State) => session = new LiveSession(begun);
  const open = () => {
    if (opened) return opened;
    visit = visitOf(settings, isLeftOut ? undefined : request, phase);
    const begun = openVisit(visit);
    return opened = begun instanceof Promise ? begun.then(show) : show(begun);
  };
  const keep = (session: LiveSession, response: Response) =>
    settle(stateOf(session), response);
  const handling: Handling = {
    settings,
    outer,
    open,
    // What the handler does with it comes before what is done at the end.
    openLater: () => opened = unawaited(Promise.resolve(open())),
    settle: (response) => {
      return opened instanceof Promise
        // Without it, the handler has made an answer of its own.
        ? opened.then((session) => keep(session, response), () => ({}))
        : opened && keep(opened, response);
    },
    state: () => session && stateOf(session),
    end: (isFailed, outcome) => {
      if (!isLeftOut) {
        note(request, outer);
        phase = "late-write";
        if (visit && visit.phase !== "left-out") visit.phase = phase;
      }
      const state = session && stateOf(session);
      if (!state) return undefined;
      if (isFailed) {
        return import("./asked/ending.ts").then((ending) =>
          ending.leave(state, outcome)
        );
      }
      // An answer that nobody has marked may be kept by a cache.
      if (state.isTouched) state.answer = outcome as Response;
      return state.isSent ? undefined : state.abandon?.();
    },
  };
  if (!isLeftOut) note(request, handling);
  return handling;
}

/** The handling that a request is in. */
export function handlingOf(request: Request): Handling | undefined {
  return (request as Handled)[HANDLING]?.(KEY);
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
