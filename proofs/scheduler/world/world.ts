import type { Scenario } from "./scenario.ts";
import { Scheduler } from "./scheduler.ts";
import type { Instance, Running, Subject, Surroundings } from "./subject.ts";
import { Time } from "./time.ts";
import type { Jar, Trace } from "./trace.ts";
import { see, type Seen } from "./visit.ts";

const AT = "https://example.test/";

/** What there is in one run: a back end, processes, browsers and a clock. */
export class World {
  readonly subject: Subject;
  readonly scenario: Scenario;
  readonly trace: Trace;
  readonly scheduler: Scheduler = new Scheduler();
  readonly time: Time;
  /** Which processes have stopped. */
  readonly dead: Set<string> = new Set();
  /** How many more faults there may be. */
  faultsLeft: number;
  /** How many steps there have been. */
  step = 0;
  readonly #running: Map<string, Running> = new Map();
  #instance: Instance | undefined;

  /** @param seed Of what is random in it. */
  constructor(subject: Subject, scenario: Scenario, seed: number) {
    const { requests, faults = [], mostFaults = 1 } = scenario;
    this.subject = subject;
    this.scenario = scenario;
    this.time = new Time(this.scheduler, seed);
    this.faultsLeft = faults.length ? mostFaults : 0;
    const visits = requests.map((plan, place) => ({
      name: `r${place + 1}`,
      plan,
      deeds: [],
    }));
    this.trace = {
      scenario,
      path: [],
      visits,
      jars: [],
      tokens: [],
      events: [],
      faults: [],
      orphans: undefined,
      problems: [],
    };
  }

  /** @param content What the back end holds already. */
  async begin(around: Surroundings, content: unknown): Promise<Instance> {
    this.#instance = await this.subject.begin(around, content);
    return this.#instance;
  }

  /** How many records the back end has, if it can say it. */
  async records(): Promise<number | undefined> {
    return await this.#instance?.records();
  }

  async close(): Promise<void> {
    await this.#instance?.close?.();
  }

  /** The process of this name, which may be one that was started again. */
  processOf(name: string): Running {
    const full = this.nameOf(name);
    const instance = this.#instance as Instance;
    const known = this.#running.get(full) ?? instance.start(full);
    this.#running.set(full, known);
    return known;
  }

  /** What the process that has this name now is called. */
  nameOf(process: string): string {
    return this.dead.has(process) ? `${process} again` : process;
  }

  /** Lets all processes begin anew. */
  forgetProcesses(): void {
    this.#running.clear();
  }

  jarOf(browser: string): Jar {
    const jar = this.trace.jars.find(({ name }) => name === browser);
    if (!jar) throw new Error(`There is no browser ${browser}`);
    return jar;
  }

  requestWith(token: string | undefined): Request {
    const cookie = `${this.subject.cookie}=${token}`;
    return new Request(AT, { headers: token ? { cookie } : {} });
  }

  /** What a response has set; "" if it has removed the cookie. */
  tokenOf(response: Response): string | undefined {
    const start = `${this.subject.cookie}=`;
    const line = response.headers.getSetCookie().findLast((each) =>
      each.startsWith(start)
    );
    if (line === undefined) return undefined;
    const isOver = /; *(Max-Age=0|Expires=Thu, 01 Jan 1970)/i.test(line);
    return isOver ? "" : line.slice(start.length).split(";")[0];
  }

  /** What a token opens. */
  async open(token: string, running: Running): Promise<Seen | undefined> {
    let seen: Seen | undefined;
    try {
      await running.handle(this.requestWith(token), (session) => {
        seen = see(session);
        return Promise.resolve();
      });
    } catch (error) {
      this.trace.events.push(`audit: ${(error as Error).message}`);
    }
    return seen;
  }
}
