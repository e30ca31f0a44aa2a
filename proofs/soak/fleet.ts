// The processes of one run.

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Figures, Question, Ready, Settings } from "./process.ts";

/** A process that serves visitors. */
export interface Member {
  readonly child: ChildProcess;
  readonly port: number;
  /** What it had before it opened its store. */
  readonly resources: readonly string[];
  /** Its heap when it had served its first requests. */
  heap: number;
}

/** What is left in a process at the end, in the order of processes. */
export interface Remains {
  /** Bytes more than when it had served its first requests. */
  readonly growth: number;
  /** Handles and timers that it did not have in the beginning. */
  readonly more: readonly string[];
}

const script = fileURLToPath(new URL("process.ts", import.meta.url));
const PATIENCE = 60_000;

/** Four processes, of which one may be killed and started again. */
export class Fleet {
  readonly #settings: readonly Settings[];
  readonly #members: Member[] = [];
  readonly #clocks: number[];
  readonly #isKilled: WeakSet<ChildProcess> = new WeakSet();
  /** Processes that nobody has killed, and that are no more. */
  readonly deaths: string[] = [];
  /** How often each event came in processes that are no more. */
  readonly events: Record<string, number> = {};

  constructor(settings: readonly Settings[]) {
    this.#settings = settings;
    this.#clocks = settings.map(({ offset }) => offset);
  }

  get size(): number {
    return this.#settings.length;
  }

  /** Where a request may go. */
  port(place: number): number {
    return this.#members[place]?.port ?? 0;
  }

  async start(): Promise<void> {
    const places = [...this.#settings.keys()];
    await Promise.all(places.map((place) => this.#startOne(place)));
  }

  /** Notes what each holds now, to compare with at the end. */
  async settle(): Promise<void> {
    for (const member of this.#members) {
      member.heap = (await ask(member.child, "figures")).heap;
    }
  }

  /** Sets a process's clock to so many ms ahead. */
  setClock(place: number, offset: number): void {
    this.#clocks[place] = offset;
    const question: Question = { clock: offset };
    const child = this.#members[place]?.child;
    // It may have been killed a moment ago.
    if (child?.connected) child.send(question, () => {});
  }

  /** A power cut, and another process in its place. */
  async crash(place: number): Promise<void> {
    const member = this.#members[place];
    if (!member) return;
    const { events } = await ask(member.child, "figures");
    this.#count(events);
    const ended = once(member.child, "exit");
    this.#isKilled.add(member.child);
    member.child.kill("SIGKILL");
    await ended;
    const { heap } = member;
    await this.#startOne(place);
    Object.assign(this.#members[place] as Member, { heap });
  }

  /** Lets each go of its store and its visitors, and says what is left. */
  async close(): Promise<Remains[]> {
    const all: Remains[] = [];
    for (const { child, heap, resources } of this.#members) {
      const before = await ask(child, "figures");
      const after = await ask(child, "close");
      this.#count(before.events);
      const had = [...resources];
      const more = after.resources.filter((each) => {
        const place = had.indexOf(each);
        if (place >= 0) had.splice(place, 1);
        return place < 0;
      });
      all.push({ growth: before.heap - heap, more });
    }
    this.kill();
    return all;
  }

  kill(): void {
    for (const { child } of this.#members) {
      this.#isKilled.add(child);
      child.kill("SIGKILL");
    }
  }

  async #startOne(place: number): Promise<void> {
    const offset = this.#clocks[place] ?? 0;
    const settings = { ...this.#settings[place], offset };
    const child = fork(script, [JSON.stringify(settings)], {
      execArgv: ["--expose-gc"],
    });
    const [message] = await Promise.race([
      once(child, "message"),
      once(child, "exit").then(() => {
        throw new Error("A process of the library has ended");
      }),
    ]);
    const { port, resources } = message as Ready;
    // Clocks may have moved while it started.
    const question: Question = { clock: this.#clocks[place] ?? 0 };
    child.send(question);
    this.#members[place] = { child, port, resources, heap: 0 };
    child.once("exit", (code, signal) => {
      if (this.#isKilled.has(child)) return;
      this.deaths.push(`process ${place} has ended by ${signal ?? code}`);
    });
  }

  #count(events: Figures["events"]): void {
    for (const [type, times] of Object.entries(events)) {
      this.events[type] = (this.events[type] ?? 0) + times;
    }
  }
}

async function ask(
  child: ChildProcess,
  what: "figures" | "close",
): Promise<Figures> {
  const question: Question = { ask: what };
  child.send(question);
  const signal = AbortSignal.timeout(PATIENCE);
  const [figures] = await once(child, "message", { signal });
  return figures as Figures;
}
