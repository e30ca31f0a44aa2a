import type { ServerResponse } from "node:http";
import { Answer, type Asker } from "./answer.ts";
import {
  checkChunk,
  checkHead,
  hasLeft,
  headersSent,
  setHead,
  statusOf,
  tellBack,
} from "./head.ts";
import { dropHead, type Fields, type Mark } from "./respond.ts";
import {
  isDetached,
  keepConnection,
  show,
  type Shown,
  unshow,
} from "./shown.ts";
import type { Method, Watch } from "./watch.ts";
import type { ReplacedWriters, Writers } from "./writers.ts";

// Node sends headers with the first byte, and a session is kept before that: a
// response is held until it is. Whoever writes meanwhile is told to wait, as by a
// slow network.

/** What is done before the first byte leaves. */
export interface Keeper extends Asker {
  /**
   * Is called once the status and the headers are there. What it returns may
   * change these; without a promise if nothing has to be waited for.
   */
  keep(): Mark | undefined | Promise<Mark | undefined>;
  /** Drops what cannot be kept, before somebody is asked for an answer. */
  forget(error: unknown): Promise<unknown>;
  /** Is called if the client leaves before anybody has answered. */
  leave(): void;
}

type Patched = Record<string, Method>;

const refuseToSet = () => {
  throw headersSent("set");
};
/** What stands in for methods that are too late. */
const REFUSING: Patched = {
  setHeader: refuseToSet,
  setHeaders: refuseToSet,
  appendHeader: refuseToSet,
  removeHeader() {
    throw headersSent("remove");
  },
};

/** Holds a response until `keep()` is done. */
export class Hold {
  readonly #res: ServerResponse;
  readonly #keeper: Keeper;
  readonly #writers: ReplacedWriters;
  /** Other methods that are replaced: what was there before, and what is there. */
  #others: Record<string, readonly [before: Method, ours: Method]> | undefined;
  #phase: "waiting" | "held" | "done" = "waiting";
  #queue: { name: keyof Writers; args: never[] }[] | undefined;
  readonly #watch: Watch;
  readonly #fields: Fields;
  /** What others see in place of what there is. */
  readonly #shown: Shown = {};
  /** How much waits in the queue. */
  #length = 0;
  /** Leaves the connection as it was. */
  #giveBack: (() => void) | undefined;
  #isAsking = false;
  #isHeadAsked = false;
  #isDrainDue = false;
  #isEnded = false;
  #answer: Answer | undefined;

  /** @param fields The fields before a handler had its turn. */
  constructor(
    res: ServerResponse,
    keeper: Keeper,
    writers: ReplacedWriters,
    fields: Fields,
    watch: Watch,
  ) {
    this.#res = res;
    this.#keeper = keeper;
    this.#writers = writers;
    this.#fields = fields;
    this.#watch = watch;
    watch.noteClose(() => {
      if (this.#phase === "waiting") keeper.leave();
    });
    if (hasLeft(res)) keeper.leave();
  }

  /** Notes who waits to write, where others keep the listeners. */
  noteWaiting(): void {
    const { on } = this.#res as unknown as Patched as { on: Method };
    this.#patch("on", this.#watch.noteWaiting(on));
  }

  #patch(name: string, ours: Method): void {
    const patched = this.#res as unknown as Patched;
    (this.#others ??= {})[name] = [patched[name] as Method, ours];
    patched[name] = ours;
  }

  #restore(names: readonly string[]): void {
    const patched = this.#res as unknown as Patched;
    for (const name of names) {
      const [before, ours] = this.#others?.[name] ?? [];
      if (before && patched[name] === ours) patched[name] = before;
    }
  }

  /** What one of the methods does that the first byte may leave by. */
  called(name: keyof Writers, args: never[]): unknown {
    if (this.#answer) return this.#answer.called(name, args);
    if (this.#phase === "done" || this.#phase === "waiting" && this.#isSent()) {
      return this.#pass(name, args);
    }
    if (this.#phase === "waiting") checkHead(this.#res, name, args);
    checkChunk(name, args);
    if (name === "writeHead") return this.#calledForHead(args);
    if (this.#phase === "waiting") this.#askForHead();
    if (this.#phase === "waiting") this.#keep();
    return this.#passOrHold(name, args);
  }

  #calledForHead(args: never[]): unknown {
    if (this.#phase === "held") {
      const [status, ...rest] = args as unknown[];
      // Who looks for a head, and not whether it was sent, asks for it again.
      if (status === this.#res.statusCode && !rest.length) return this.#res;
      throw headersSent("write");
    }
    setHead(this.#res, args);
    this.#keep();
    return this.#isAsking ? this.#res : this.#passOrHold("writeHead", []);
  }

  /**
   * Lets those who change headers at the last moment do so before the session
   * is kept, which has the last word on caches: they have built on `writeHead`.
   */
  #askForHead(): void {
    if (this.#writers.isHeadOurs) return;
    this.#isAsking = true;
    try {
      this.#res.writeHead(this.#res.statusCode);
      this.#isHeadAsked = true;
    } finally {
      this.#isAsking = false;
    }
  }

  #keep(): void {
    let kept: ReturnType<Keeper["keep"]>;
    try {
      kept = this.#keeper.keep();
    } catch (error) {
      kept = Promise.reject(error);
    }
    if (!(kept instanceof Promise)) {
      kept?.();
      return this.#finish();
    }
    this.#beginHold();
    kept.then((mark) => {
      this.#endHold();
      mark?.();
    }).then(
      () => this.#release(),
      // It is held until then: a handler that still runs may answer otherwise.
      (error) => this.#keeper.forget(error).then(() => this.#fail(error)),
    );
  }

  #passOrHold(name: keyof Writers, args: never[]): unknown {
    return this.#phase === "held"
      ? this.#hold(name, args)
      : this.#pass(name, args);
  }

  #pass(name: keyof Writers, args: never[]): unknown {
    if (!this.#isHeadAsked) return this.#writers.pass(name, args);
    // Node asks for the head now; others have had their turn with it.
    const writers = this.#res as unknown as Writers;
    const { writeHead } = writers;
    const passHead = (...args: never[]) =>
      this.#writers.pass("writeHead", args);
    writers.writeHead = passHead;
    try {
      return this.#writers.pass(name, args);
    } finally {
      writers.writeHead = writeHead;
    }
  }

  #isSent(): boolean {
    return this.#res.headersSent;
  }

  #beginHold(): void {
    this.#phase = "held";
    // An error handler may set another status, too late.
    this.#show({ headersSent: true, ...statusOf(this.#res) });
    for (const [name, refuse] of Object.entries(REFUSING)) {
      if (name in this.#res) this.#patch(name, refuse);
    }
  }

  #show(values: object): void {
    show(this.#res, this.#shown, values);
  }

  #hold(name: keyof Writers, args: never[]): unknown {
    (this.#queue ??= []).push({ name, args });
    this.#length += Object(args[0]).length || 0;
    this.#isDrainDue ||= name === "write";
    if (name === "end" && !this.#isEnded) {
      this.#isEnded = true;
      const isHeld = () => this.#phase === "held";
      this.#giveBack = keepConnection(this.#res, isHeld);
    }
    const finished = this.#isEnded && !isDetached(this.#res);
    this.#show({
      finished,
      writableEnded: finished,
      writableFinished: false,
      writableNeedDrain: this.#isDrainDue && !finished,
      writableLength: this.#length,
    });
    if (name === "write") return false;
    return name === "flushHeaders" ? undefined : this.#res;
  }

  /** Lets `keep()` change headers, and others see the response as it is. */
  #endHold(): void {
    unshow(this.#res, this.#shown);
    this.#giveBack?.();
    this.#restore(Object.keys(REFUSING));
  }

  #finish(): void {
    this.#phase = "done";
    this.#writers.restore();
    this.#watch.end();
    this.#restore(["on"]);
  }

  #release(): void {
    this.#finish();
    let isFull: boolean | undefined;
    try {
      for (const { name, args } of this.#queue?.splice(0) ?? []) {
        const taken = this.#pass(name, args);
        if (name === "write") isFull = taken === false;
      }
    } catch (error) {
      // Node throws it to who has written, who has gone on.
      this.#res.destroy(error as Error);
      return;
    }
    if (!this.#isDrainDue || isFull || this.#res.writableEnded) return;
    this.#watch.drain();
  }

  #fail(error: unknown): void {
    this.#endHold();
    const res = this.#res;
    this.#answer = new Answer(res, this.#keeper, this.#writers, this.#isEnded);
    for (const { args } of this.#queue?.splice(0) ?? []) tellBack(args, error);
    if (!this.#isSent()) dropHead(res, this.#fields);
    this.#answer.ask(error, this.#watch);
  }
}
