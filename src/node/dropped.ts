import type { IncomingMessage, ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import { show, type Shown, unshow } from "./shown.ts";
import type { Listener, Method, Watch } from "./watch.ts";

// Who was writing to a response that is dropped would wait for ever, and must not
// write into what is answered in its place: it is as if the client had left.

/** Who answers in place of a response that is dropped. */
export interface Answerer {
  /** Whether it is who answers that is running. */
  isRunning(): boolean;
  /** Runs something that belongs to that, or to others. */
  run(run: () => unknown, isAside?: boolean): unknown;
}

/** By which listeners are added. */
const ADDING = [
  "on",
  "addListener",
  "once",
  "prependListener",
  "prependOnceListener",
] as const;

/**
 * Lets go of who was writing to a response.
 *
 * @param answerer Who answers; nothing if nobody else has more to say.
 */
export function letGo(
  res: ServerResponse,
  watch: Watch,
  answerer?: Answerer,
): void {
  watch.stop();
  const theirs = new Set<Method>(watch.behind("close"));
  for (const source of watch.sources ?? []) closeSource(res, source);
  const waiting = watch.behind("drain");
  for (const listener of waiting) res.off("drain", listener as never);
  const patched = res as unknown as Record<string, Method>;
  if (watch.on) patched["on"] = watch.on;
  // What was built behind may keep the listeners of who answers.
  else Reflect.deleteProperty(res, "on");
  if (!answerer) return;
  let isWaitedFor = !!waiting.length || !!watch.waiting;
  res.prependOnceListener("finish", () => {
    if (isWaitedFor) closeFor(res, theirs);
  });
  res.on("pipe", (source) => {
    if (!answerer.isRunning()) closeSource(res, source);
  });
  for (const name of ADDING) {
    const add = patched[name] as Method;
    const addOf = (...args: unknown[]) => {
      const [type, listener] = args as [unknown, Listener];
      if (answerer.isRunning()) {
        // Of `once()`, it is `on()` that comes to this.
        if (type === "drain" && !/once/i.test(name)) {
          args[1] = bind(res, listener, answerer);
        }
        return add.apply(res, args as never[]);
      }
      if (type === "drain") {
        isWaitedFor = true;
        return res;
      }
      // Others may wrap what is added, as what traces requests does.
      const known = res.rawListeners("close");
      add.apply(res, args as never[]);
      for (const each of res.rawListeners("close")) {
        if (!known.includes(each)) theirs.add(each as Method);
      }
      return res;
    };
    patched[name] = addOf;
  }
  flowPast(res.req, answerer);
}

/** Not every runtime tells of `drain` where it is waited for. */
function bind(
  res: ServerResponse,
  listener: Listener,
  answerer: Answerer,
): Method {
  const bound: Listener = (...args) =>
    answerer.run(() => listener.apply(res, args));
  bound.listener = listener;
  return bound;
}

function closeSource(res: ServerResponse, source: Readable): void {
  source.unpipe?.(res);
  // Not before somebody has answered: who piped may respond to that, too.
  res.once("close", () => {
    if (!source.listenerCount("data")) source.destroy?.();
  });
}

/**
 * Tells some that the client has left, before they hear that another answer has
 * left, upon which a generator in a pipeline would go on.
 */
function closeFor(res: ServerResponse, theirs: ReadonlySet<Method>): void {
  const shown: Shown = {};
  show(res, shown, { writableFinished: false });
  for (const each of res.rawListeners("close") as Method[]) {
    if (!theirs.has(each)) continue;
    res.off("close", each as never);
    try {
      each.apply(res);
    } catch (error) {
      // Nobody catches it, as that of any listener.
      queueMicrotask(() => {
        throw error;
      });
    }
  }
  unshow(res, shown);
}

/** Lets who answers read a request to its end past who was reading it. */
function flowPast(req: IncomingMessage, answerer: Answerer): void {
  const isRead = req.listenerCount("data") || req.listenerCount("readable");
  if (!isRead) return;
  const { pause, resume } = req;
  const pauseOf = () => answerer.isRunning() ? pause.apply(req) : req;
  const resumeOf = () => {
    answerer.run(() => resume.apply(req), true);
    return req;
  };
  req.pause = pauseOf;
  req.resume = resumeOf;
}
