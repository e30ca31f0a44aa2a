// The worker as the program sees it: orders and answers, and an end if it hangs.

import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import type { Answer, Order } from "./messages.ts";

/** How long until the first sign of life, and how much longer than a limit. */
const PATIENCE = 90_000;
const GRACE = 5_000;

/** It was silent for too long, or could not go on, and is no more. */
export class Hung extends Error {
  readonly test: string;

  constructor(test: string, why = "it hung") {
    super(`The worker was lost in ${test || "what it loaded"}: ${why}`);
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
      // What the tests print is of no interest.
      stdio: ["ignore", "ignore", "ignore", "ipc"],
      serialization: "advanced",
      execArgv: ["--no-warnings"],
    });
    this.#child.on("exit", () => this.#isOver = true);
  }

  /** Gives an order and waits for what came of it. */
  ask(order: Order): Promise<Exclude<Answer, { kind: "busy" | "broken" }>> {
    this.orders++;
    return new Promise((resolve, reject) => {
      let test = "";
      let timer: ReturnType<typeof setTimeout> | undefined;
      const settle = (action: () => void) => {
        clearTimeout(timer);
        this.#child.off("message", hear);
        this.#child.off("exit", leave);
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
        if (answer.kind === "broken") return lose(answer.why);
        if (answer.kind !== "busy") return settle(() => resolve(answer));
        test = answer.test;
        expect(answer.limit + GRACE);
      };
      const lose = (why: string) => settle(() => reject(new Hung(test, why)));
      const leave = () => lose("it has ended");
      this.#child.on("message", hear);
      this.#child.on("exit", leave);
      if (this.#isOver) return leave();
      expect(PATIENCE);
      this.#child.send(order);
    });
  }

  stop(): void {
    this.#isOver = true;
    this.#child.kill("SIGKILL");
  }
}
