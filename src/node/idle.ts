import type { ServerResponse } from "node:http";
import { checkChunk, checkHead, setHead } from "./head.ts";
import { Hold, type Keeper } from "./hold.ts";
import { type Fields, noteFields } from "./respond.ts";
import { Watch } from "./watch.ts";
import { ReplacedWriters, type Writers } from "./writers.ts";

/**
 * Passes a response on as it is while nobody has asked for its session, which
 * most requests never do; from then on, it is held.
 */
export class Idle {
  readonly #res: ServerResponse;
  readonly #keeper: Keeper;
  readonly #writers: ReplacedWriters;
  /** The fields before a handler had its turn. */
  readonly #fields: Fields;
  readonly #watch: Watch;
  #hold: Hold | undefined;
  #isOver = false;

  constructor(res: ServerResponse, keeper: Keeper) {
    this.#res = res;
    this.#keeper = keeper;
    this.#fields = noteFields(res);
    this.#watch = new Watch(res);
    this.#writers = new ReplacedWriters(
      res,
      (name, args) => this.#called(name, args),
    );
    // `compression()` in front keeps the listeners for a stream of its own, of
    // which Node tells nothing: who waits has to be noted from the start.
    if (Object.hasOwn(res, "on")) this.hold()?.noteWaiting();
  }

  /** Holds the response from now on, if its headers have not left. */
  hold(): Hold | undefined {
    if (this.#hold || this.#isOver) return this.#hold;
    if (this.#res.headersSent) {
      this.#end();
      return undefined;
    }
    return this.#hold = new Hold(
      this.#res,
      this.#keeper,
      this.#writers,
      this.#fields,
      this.#watch,
    );
  }

  #called(name: keyof Writers, args: never[]): unknown {
    if (this.#hold) return this.#hold.called(name, args);
    if (this.#isOver || this.#res.headersSent) {
      return this.#writers.pass(name, args);
    }
    // Who has built on `writeHead` may still ask for the session.
    if (!this.#writers.isHeadOurs) return this.hold()?.called(name, args);
    // Of what Node refuses, nothing has left.
    checkChunk(name, args);
    // In Deno, a head with a field that is refused counts as sent.
    const isGiven = name === "writeHead" && args.length > 1;
    if (isGiven) {
      checkHead(this.#res, name, args);
      setHead(this.#res, args);
    }
    const answer = this.#writers.pass(name, isGiven ? [] : args);
    this.#end();
    return answer;
  }

  /** It is too late to ask for the session. */
  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#writers.restore();
    this.#watch.end();
    this.#keeper.keep();
  }
}
