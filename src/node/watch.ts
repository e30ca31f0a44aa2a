import type { ServerResponse } from "node:http";
import type { Readable } from "node:stream";

/** Any method of a response, or what others have put in its place. */
export type Method = (...args: never[]) => unknown;

// Who writes to a response, and waits for it, while it is held.

export class Watch {
  readonly #res: ServerResponse;
  /** Those that pipe into the response. */
  #sources: Readable[] | undefined;
  /** Who waits for `drain` where others keep the listeners. */
  #waiting: Set<Method> | undefined;
  #leave: (() => void) | undefined;

  constructor(res: ServerResponse) {
    this.#res = res;
    res.on("pipe", this.#notePipe);
  }

  readonly #notePipe = (source: Readable) => {
    (this.#sources ??= []).push(source);
  };

  /** @param leave Is called if the client leaves. */
  noteClose(leave: () => void): void {
    this.#leave = leave;
    this.#res.on("close", leave);
  }

  /**
   * Stands in for a method `on` that is not Node's, and does not hand on who
   * waits.
   */
  noteWaiting(on: Method): Method {
    return (...args) => {
      const [type, listener] = args as unknown[];
      if (type === "drain") {
        (this.#waiting ??= new Set()).add(listener as Method);
      }
      return on.apply(this.#res, args);
    };
  }

  /** Tells who waits that more may be written. */
  drain(): void {
    const known = this.#res.rawListeners("drain");
    this.#res.emit("drain");
    for (const listener of this.#waiting ?? []) {
      if (!known.includes(listener)) listener.apply(this.#res);
    }
  }

  /** Those that pipe would wait for ever: it is as if the client had left. */
  closeSources(): void {
    this.#res.off("pipe", this.#notePipe);
    for (const source of this.#sources ?? []) {
      source.unpipe?.(this.#res);
      // Not before somebody has answered: who piped may respond to that, too.
      this.#res.once("close", () => {
        if (!source.listenerCount("data")) source.destroy?.();
      });
    }
  }

  end(): void {
    this.#res.off("pipe", this.#notePipe);
    if (this.#leave) this.#res.off("close", this.#leave);
  }
}
