// The worker as the program sees it: orders and answers, and an end if it hangs.

import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import type { Answer, Order } from "./messages.ts";

/** How long until the first sign of life, and how much longer than a limit. */
const PATIENCE = 90_000;
const GRACE = 5_000;

/** It was silent for too long, and is no more. */
export class Hung extends Error {
  readonly test: string;

  constructor(test: string) {
    super(`The worker hung in ${test}`);
    this.test = test;
  }
}

export class Worker {
  readonly #child: ChildProcess;
  #isOver = false;
  /** How many orders it has had. */
  orders = 0;

  constructor() {
    this.#child = fork(join(import.meta.dirname, "worker.ts"), [], {
      // What the tests print is of no interest; what the worker says is.
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      serialization: "advanced",
      execArgv: ["--no-warnings", "--expose-gc"],
    });
    this.#child.on("exit", () => this.#isOver = true);
  }

  /** Gives an order and waits for what came of it. */
  ask(order: Order): Promise<Exclude<Answer, { kind: "busy" }>> {
    this.orders++;
    return new Promise((resolve, reject) => {
      let test = "";
      let timer: ReturnType<typeof setTimeout> | undefined;
      const settle = (action: () => void) => {
        clearTimeout(timer);
        this.#child.off("message", hear);
        this.#child.off("exit", lose);
        action();
      };
      const expect = (limit: number) => {
        clearTimeout(timer);
        timer = setTimeout(() => {
          this.stop();
          settle(() => reject(new Hung(test)));
        }, limit);
      };
      const hear = (answer: Answer) => {
        if (answer.kind !== "busy") return settle(() => resolve(answer));
        test = answer.test;
        expect(answer.limit + GRACE);
      };
      const lose = () =>
        settle(() => reject(new Hung(test || "what it was loading")));
      this.#child.on("message", hear);
      this.#child.on("exit", lose);
      if (this.#isOver) return lose();
      expect(PATIENCE);
      this.#child.send(order);
    });
  }

  stop(): void {
    this.#isOver = true;
    this.#child.kill("SIGKILL");
  }
}
