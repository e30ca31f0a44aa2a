import type { ServerResponse } from "node:http";
import type { Readable } from "node:stream";

/** Any method of a response, or what others have put in its place. */
export type Method = (...args: never[]) => unknown;

/** What an emitter keeps, of `once()` with what it was given. */
export type Listener = Method & { listener?: Method };

// Who writes to a response, and waits for it, while it is held.

export class Watch {
  readonly #res: ServerResponse;
  /** Those that pipe into the response. */
  sources: Readable[] | undefined;
  /** Who waits for `drain` where others keep the listeners. */
  waiting: Method[] | undefined;
  /** The method `on` of those. */
  on: Method | undefined;
  #leave: (() => void) | undefined;
  /** Who has listened before the handler had its turn. */
  #front: readonly unknown[] = [];

  constructor(res: ServerResponse) {
    this.#res = res;
    res.on("pipe", this.#notePipe);
  }

  readonly #notePipe = (source: Readable) => {
    (this.sources ??= []).push(source);
  };

  /** @param leave Is called if the client leaves. */
  noteClose(leave: () => void): void {
    const res = this.#res;
    this.#leave = leave;
    res.on("close", leave);
    this.#front = [...res.rawListeners("close"), ...res.rawListeners("drain")];
  }

  /**
   * Stands in for a method `on` that is not Node's, and does not hand on who
   * waits: nothing drains while the response is held, and they are handed on once
   * it is not.
   */
  noteWaiting(on: Method): Method {
    this.on = on;
    return (...args) => {
      const [type, listener] = args as unknown[];
      if (type !== "drain") return on.apply(this.#res, args);
      (this.waiting ??= []).push(listener as Method);
      return this.#res;
    };
  }

  /** Tells who waits that more may be written. */
  drain(): void {
    const known = this.#res.rawListeners("drain");
    this.#res.emit("drain");
    for (const listener of this.waiting ?? []) {
      if (!known.includes(listener)) listener.apply(this.#res);
    }
  }

  end(): void {
    this.stop();
    if (this.#leave) this.#res.off("close", this.#leave);
    for (const listener of this.waiting ?? []) {
      this.on?.apply(this.#res, ["drain", listener] as never[]);
    }
  }

  /** Notes nothing more. */
  stop(): void {
    this.#res.off("pipe", this.#notePipe);
  }

  /** Who listens since the handler had its turn. */
  behind(type: string): Listener[] {
    const all = this.#res.rawListeners(type) as unknown as Listener[];
    return all.filter((listener) => !this.#front.includes(listener));
  }
}
