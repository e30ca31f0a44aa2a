import { AsyncLocalStorage } from "node:async_hooks";
import type { ServerResponse } from "node:http";
import { type Answerer, letGo } from "./dropped.ts";
import { isHttp2, setHead, tellBack } from "./head.ts";
import { beginText } from "./respond.ts";
import type { Watch } from "./watch.ts";
import type { ReplacedWriters, Writers } from "./writers.ts";

// A response that could not be kept is answered by somebody else, through the
// same methods of the same response. Who was writing to it is not heard.

/** Who knows whom to ask for an answer. */
export interface Asker {
  /**
   * Lets somebody answer. If nobody can be asked, or it is the last time,
   * `answerPlainly` does.
   */
  fail(error: unknown, answerPlainly: () => void, isLast: boolean): unknown;
  /** Is called before that answer leaves. */
  markFailed(): void;
}

/** The response that is answered. */
const answering = new AsyncLocalStorage<ServerResponse>();

/** Responses that could not be kept. */
const failed: WeakSet<object> = new WeakSet();

/** What is said in place of a response that could not be kept. */
export class Answer implements Answerer {
  readonly #res: ServerResponse;
  readonly #asker: Asker;
  readonly #writers: ReplacedWriters;
  /** Whether nobody but who answers has more to say. */
  readonly #isAlone: boolean;
  /** Whether somebody has answered already, in place of another session's. */
  #isLast: boolean;
  #hasBegun = false;
  #hasEnded = false;

  /** @param isAlone Whether the response was ended that is dropped. */
  constructor(
    res: ServerResponse,
    asker: Asker,
    writers: ReplacedWriters,
    isAlone: boolean,
  ) {
    this.#res = res;
    this.#asker = asker;
    this.#writers = writers;
    this.#isAlone = isAlone;
    this.#isLast = failed.has(res);
    failed.add(res);
  }

  /** Has somebody answer, and lets go of who was writing. */
  ask(error: unknown, watch: Watch): void {
    // Who has ended the response says no more: an answer may also come from
    // where its context was lost, as from a connection of a pool.
    letGo(this.#res, watch, this.#isAlone ? undefined : this);
    this.#writers.takeOver((name, args) =>
      this.called(name, args, this.#isAlone || this.isRunning())
    );
    const plainly = () => this.#answerPlainly();
    this.run(() => {
      // Who answers in place of another session's response is not asked again.
      this.#asker.fail(error, plainly, this.#isLast);
    });
  }

  /** Whether who calls was asked to answer. */
  isRunning(): boolean {
    return answering.getStore() === this.#res;
  }

  run(run: () => unknown, isAside?: boolean): unknown {
    return answering.run((isAside ? undefined : this.#res) as never, run);
  }

  /** What one of the methods does, also for those who have built on it before. */
  called(
    name: keyof Writers,
    args: never[],
    isHeard: boolean = this.isRunning(),
  ): unknown {
    // Of what is written after its end, Node makes an error that ends the process.
    const isLate = this.#hasEnded && name === "write";
    if (isHeard && !isLate && !this.#isLast) return this.#say(name, args);
    tellBack(args, new Error("The response was not kept"));
    return name === "write" ? false : this.#res;
  }

  #say(name: keyof Writers, args: never[]): unknown {
    const isFirst = !this.#hasBegun && !this.#res.headersSent;
    if (isFirst) this.#begin(name, args);
    const isHeadSet = isFirst && name === "writeHead";
    const answer = this.#writers.pass(name, isHeadSet ? [] : args);
    this.#hasEnded ||= name === "end";
    return answer;
  }

  #begin(name: keyof Writers, args: never[]): void {
    this.#hasBegun = true;
    if (name === "writeHead") setHead(this.#res, args);
    // Who goes on may throw yet, upon which Express cuts the connection: no other
    // response should be on it then.
    if (!this.#isAlone && !isHttp2(this.#res)) {
      this.#res.setHeader("connection", "close");
    }
    this.#asker.markFailed();
  }

  #answerPlainly(): void {
    if (this.#res.headersSent) return;
    beginText(this.#res, 500);
    // Only what is said from here is heard: Node asks for the head, say.
    const isLast = this.#isLast;
    this.#isLast = false;
    this.#say("end", ["Internal Server Error" as never]);
    this.#isLast = isLast;
  }
}
