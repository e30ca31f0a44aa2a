import { AsyncLocalStorage } from "node:async_hooks";
import type { ServerResponse } from "node:http";
import type { Mark } from "./respond.ts";

// Node sends headers with the first byte, and a session is kept before that: a
// response is held until it is. Whoever writes meanwhile is told to wait, as by a
// slow network.

/** What is done before the first byte leaves. */
export interface Keeper {
  /**
   * Is called once the status and the headers are there. What it returns may
   * change these; without a promise if nothing has to be waited for.
   */
  keep(): Mark | undefined | Promise<Mark | undefined>;
  /** Is called if that fails: somebody else has to respond. */
  fail(error: unknown): void;
  /** Is called before that response leaves. */
  markFailed(): void;
}

type Method = (...args: never[]) => unknown;
type Patched = Record<string, Method>;

/** Who answers in place of a response that could not be kept. */
const answering = new AsyncLocalStorage<Hold>();

/** Holds a response until `keep()` is done. */
export function holdResponse(res: ServerResponse, keeper: Keeper): void {
  new Hold(res, keeper);
}

class Hold {
  readonly #res: ServerResponse;
  readonly #keeper: Keeper;
  /** What was there before, and whether that was the response's own. */
  readonly #before: Map<string, { method: Method; isOwn: boolean }> = new Map();
  readonly #ours: Map<string, Method> = new Map();
  #phase: "waiting" | "held" | "done" | "failed" = "waiting";
  #queue: { name: string; args: never[] }[] = [];
  #isDrainDue = false;
  #isEnded = false;
  #isAnswered = false;

  constructor(res: ServerResponse, keeper: Keeper) {
    this.#res = res;
    this.#keeper = keeper;
    for (const name of ["writeHead", "write", "end", "flushHeaders"]) {
      this.#patch(name, (...args) => this.#called(name, args));
    }
  }

  #patch(name: string, ours: Method): void {
    const patched = this.#res as unknown as Patched;
    const isOwn = Object.hasOwn(patched, name);
    this.#before.set(name, { method: patched[name] as Method, isOwn });
    this.#ours.set(name, ours);
    patched[name] = ours;
  }

  /** Leaves the response as it was, unless others have built on what is here. */
  #restore(names: Iterable<string> = this.#ours.keys()): void {
    const patched = this.#res as unknown as Patched;
    for (const name of names) {
      const before = this.#before.get(name);
      if (!before || patched[name] !== this.#ours.get(name)) continue;
      if (before.isOwn) patched[name] = before.method;
      else delete patched[name];
    }
  }

  #called(name: string, args: never[]): unknown {
    switch (this.#phase) {
      case "done":
        return this.#pass(name, args);
      case "failed":
        return this.#calledAfterFailure(name, args);
      case "held":
        if (name === "writeHead") throw headersSent("write");
        return this.#hold(name, args);
    }
    if (this.#res.headersSent) return this.#pass(name, args);
    if (name === "writeHead") setHead(this.#res, args);
    let kept: ReturnType<Keeper["keep"]>;
    try {
      kept = this.#keeper.keep();
    } catch (error) {
      kept = Promise.reject(error);
    }
    if (!(kept instanceof Promise)) {
      kept?.();
      this.#finish();
      return this.#pass(name, name === "writeHead" ? [] : args);
    }
    this.#beginHold();
    kept.then((mark) => this.#release(mark))
      .catch((error) => this.#fail(error));
    return this.#hold(name, name === "writeHead" ? [] : args);
  }

  #pass(name: string, args: never[]): unknown {
    const { method } = this.#before.get(name) as { method: Method };
    // The head was set as the response's status and headers.
    const all = name === "writeHead" && !args.length
      ? [this.#res.statusCode] as never[]
      : args;
    return method.apply(this.#res, all);
  }

  #beginHold(): void {
    this.#phase = "held";
    const sent = { configurable: true, get: () => true };
    Object.defineProperty(this.#res, "headersSent", sent);
    for (const name of ["setHeader", "setHeaders", "appendHeader"]) {
      if (!(name in this.#res)) continue;
      this.#patch(name, () => {
        throw headersSent("set");
      });
    }
    this.#patch("removeHeader", () => {
      throw headersSent("remove");
    });
  }

  #hold(name: string, args: never[]): unknown {
    this.#queue.push({ name, args });
    if (name === "write") {
      this.#isDrainDue = true;
      return false;
    }
    if (name === "end" && !this.#isEnded) {
      this.#isEnded = true;
      const ended = { configurable: true, get: () => true };
      Object.defineProperty(this.#res, "writableEnded", ended);
    }
    return name === "flushHeaders" ? undefined : this.#res;
  }

  /** Lets `keep()` change headers, and others see the response as it is. */
  #endHold(): void {
    const own: { headersSent?: boolean; writableEnded?: boolean } = this.#res;
    delete own.headersSent;
    delete own.writableEnded;
    this.#restore(["setHeader", "setHeaders", "appendHeader", "removeHeader"]);
  }

  #finish(): void {
    this.#phase = "done";
    this.#restore();
  }

  #release(mark: Mark | undefined): void {
    this.#endHold();
    mark?.();
    this.#finish();
    for (const { name, args } of this.#queue.splice(0)) this.#pass(name, args);
    const { writableEnded, writableNeedDrain } = this.#res;
    if (this.#isDrainDue && !writableEnded && !writableNeedDrain) {
      this.#res.emit("drain");
    }
  }

  #fail(error: unknown): void {
    this.#endHold();
    this.#phase = "failed";
    for (const { args } of this.#queue.splice(0)) tellBack(args, error);
    for (const name of this.#res.getHeaderNames()) {
      if (OF_BODY.test(name)) this.#res.removeHeader(name);
    }
    answering.run(this, () => this.#keeper.fail(error));
  }

  /** Of what follows, only the answer to the failure is heard. */
  #calledAfterFailure(name: string, args: never[]): unknown {
    if (answering.getStore() === this) return this.#answer(name, args);
    tellBack(args, new Error("The response was not kept"));
    return name === "write" ? true : this.#res;
  }

  #answer(name: string, args: never[]): unknown {
    if (this.#isAnswered || this.#res.headersSent) {
      return this.#pass(name, args);
    }
    this.#isAnswered = true;
    if (name === "writeHead") setHead(this.#res, args);
    this.#keeper.markFailed();
    return this.#pass(name, name === "writeHead" ? [] : args);
  }
}

/** Fields that say something of a body which nobody gets. */
const OF_BODY =
  /^(content-(?!security)|etag$|last-modified$|transfer-encoding$|accept-ranges$|trailer$)/;

/** Calls the callback of a write that nobody sees. */
function tellBack(args: readonly unknown[], error: unknown): void {
  const callback = args.at(-1);
  if (typeof callback === "function") queueMicrotask(() => callback(error));
}

/** Sets what `writeHead()` was given. */
function setHead(res: ServerResponse, args: readonly unknown[]): void {
  const [status, ...rest] = args;
  res.statusCode = status as number;
  const message = typeof rest[0] === "string" ? rest.shift() : undefined;
  if (message !== undefined) res.statusMessage = message as string;
  const headers = rest[0];
  if (Array.isArray(headers)) setList(res, headers);
  else {for (const [name, value] of Object.entries(headers ?? {})) {
      if (value !== undefined) res.setHeader(name, value as string);
    }}
}

/** Of a list, one field may be there several times: `[name, value, …]`. */
function setList(res: ServerResponse, list: readonly unknown[]): void {
  const pairs = Array.isArray(list[0])
    ? list as [string, string][]
    : list.flatMap((name, i) =>
      i % 2 ? [] : [[name, list[i + 1]] as [string, string]]
    );
  for (const [name] of pairs) res.removeHeader(name);
  for (const [name, value] of pairs) res.appendHeader(name, value);
}

/** The error that Node throws itself once headers have left. */
function headersSent(what: string): Error {
  return Object.assign(
    new Error(`Cannot ${what} headers after they are sent to the client`),
    { code: "ERR_HTTP_HEADERS_SENT" },
  );
}
