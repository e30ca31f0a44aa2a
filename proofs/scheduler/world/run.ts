import { quiet } from "./quiet.ts";
import type { BrowserPlan, Scenario } from "./scenario.ts";
import {
  type Actor,
  actors,
  reads,
  Scheduler,
  type Step,
  writes,
} from "./scheduler.ts";
import type { Instance, Running, Subject, Surroundings } from "./subject.ts";
import { Time } from "./time.ts";
import { perform, see, type Seen, type Visit } from "./visit.ts";

/** What a browser of a run has. */
export interface Jar {
  readonly name: string;
  readonly plan: BrowserPlan;
  token: string | undefined;
  /** The session that it began with, if it had one. */
  first?: Seen | undefined;
}

/** Where a cookie came from. */
export interface Token {
  readonly value: string;
  /** When a browser got it; 0 before the requests. */
  readonly since: number;
  readonly from: string;
  /** What it opens when all is over. */
  opens?: Seen | undefined;
}

/** All that happened in one run. */
export interface Trace {
  readonly scenario: Scenario;
  readonly path: string[];
  readonly visits: Visit[];
  readonly jars: Jar[];
  readonly tokens: Token[];
  readonly events: string[];
  readonly faults: string[];
  /** Records that no cookie opens, if the back end can say it. */
  orphans: number | undefined;
  /** What can be said of the run itself: that it hangs, say. */
  readonly problems: string[];
}

/** Chooses what happens next, by its place; `undefined` to stop here. */
export type Choose = (
  enabled: readonly Step[],
  depth: number,
) => number | undefined;

const AT = "https://example.test/";
/** No run is longer than this. */
const MOST_STEPS = 400;

/**
 * Runs a scenario once.
 *
 * @returns What happened; `undefined` if the choice was to stop.
 */
export async function run(
  subject: Subject,
  scenario: Scenario,
  choose: Choose,
): Promise<Trace | undefined> {
  const world = new World(subject, scenario);
  const restore = world.time.install();
  try {
    await world.prepare();
    if (!await world.play(choose)) return undefined;
    await world.look();
    return world.trace;
  } finally {
    restore();
    await world.close();
  }
}

/** What browsers and the back end have when the requests begin. */
interface Beginning {
  readonly content: unknown;
  readonly jars: readonly Jar[];
  readonly tokens: readonly Token[];
}

const beginnings = new WeakMap<Subject, Map<string, Beginning>>();

function beginningsOf(subject: Subject): Map<string, Beginning> {
  const known = beginnings.get(subject) ?? new Map<string, Beginning>();
  beginnings.set(subject, known);
  return known;
}

class World {
  readonly trace: Trace;
  readonly scheduler: Scheduler = new Scheduler();
  readonly time: Time;
  readonly #subject: Subject;
  readonly #scenario: Scenario;
  readonly #running: Map<string, Running> = new Map();
  readonly #dead: Set<string> = new Set();
  #instance: Instance | undefined;
  #faultsLeft: number;
  #step = 0;

  constructor(subject: Subject, scenario: Scenario) {
    const { requests, faults = [], mostFaults = 1 } = scenario;
    this.#subject = subject;
    this.#scenario = scenario;
    // What was written before has taken its numbers from another seed.
    const isBegun = beginningsOf(subject).has(
      JSON.stringify(scenario.browsers),
    );
    this.time = new Time(this.scheduler, isBegun ? 2 : 1);
    this.#faultsLeft = faults.length ? mostFaults : 0;
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

  /** Gives each browser its session. */
  async prepare(): Promise<void> {
    const { browsers, age = 0, renewAfter, faults = [] } = this.#scenario;
    const { scheduler, time, trace } = this;
    const around: Surroundings = {
      scheduler,
      time,
      renewAfter,
      faults: new Set<string>(faults),
      mayFail: () => this.#faultsLeft > 0,
      fail: (kind) => this.#countFault(kind),
      isDead: (process) => this.#dead.has(process),
      tell: (event) => void trace.events.push(event),
    };
    const known = beginningsOf(this.#subject);
    const key = JSON.stringify(browsers);
    const beginning = known.get(key);
    this.#instance = await this.#subject.begin(around, beginning?.content);
    if (beginning) {
      trace.jars.push(...beginning.jars.map((jar) => ({ ...jar })));
      trace.tokens.push(...beginning.tokens.map((token) => ({ ...token })));
      time.jump(age * 1000);
      return;
    }
    for (const [name, plan] of Object.entries(browsers)) {
      const jar: Jar = { name, plan, token: undefined };
      trace.jars.push(jar);
      const other = trace.jars.find(({ name }) => name === plan.copyOf);
      if (other) {
        Object.assign(jar, { token: other.token, first: other.first });
      } else if (plan.user !== undefined) await this.#signIn(jar, plan.user);
    }
    time.jump(age * 1000);
    trace.events.length = 0;
    const content = this.#instance.content?.();
    if (!content) return;
    const jars = trace.jars.map((jar) => ({ ...jar }));
    const tokens = trace.tokens.map((token) => ({ ...token }));
    known.set(key, { content, jars, tokens });
    // What this process has seen is not what another one begins with.
    this.#running.clear();
  }

  async #signIn(jar: Jar, user: string): Promise<void> {
    const running = this.#processOf("aside");
    const response = await running.handle(requestWith(""), async (session) => {
      session.update("marks", () => [`|${jar.name}`]);
      if (user) await session.login(user);
    });
    jar.token = this.#tokenOf(response);
    if (!jar.token) throw new Error("A session that was set has no cookie");
    this.trace.tokens.push({ value: jar.token, since: 0, from: jar.name });
    jar.first = await this.#open(jar.token, running);
  }

  /** Lets one thing happen after the other, until nothing is left. */
  async play(choose: Choose): Promise<boolean> {
    const { scheduler, trace } = this;
    scheduler.isRunning = true;
    this.#addBeginnings();
    this.#addJumps();
    await quiet();
    for (;;) {
      scheduler.isRunning = false;
      const enabled = [...scheduler.waiting.values(), ...this.#faultSteps()];
      if (!enabled.some(({ isFault }) => !isFault)) break;
      const choice = choose(enabled, trace.path.length);
      if (choice === undefined) return false;
      const step = enabled[choice];
      if (!step) throw new RangeError(`There is no step ${choice}`);
      trace.path.push(step.name);
      if (trace.path.length > MOST_STEPS) {
        trace.problems.push(`not over after ${MOST_STEPS} steps`);
        break;
      }
      this.#step++;
      scheduler.waiting.delete(step.name);
      scheduler.isRunning = true;
      step.go();
      await quiet();
    }
    for (const { outcome, name } of trace.visits) {
      if (!outcome) trace.problems.push(`${name} never ends`);
    }
    for (const name of scheduler.early) {
      trace.problems.push(`"${name}" came when nothing should have run`);
    }
    scheduler.isRunning = true;
    return true;
  }

  /** Looks at what is there when all is over, by a process that took no part. */
  async look(): Promise<void> {
    const { trace } = this;
    const running = this.#processOf("aside");
    // Jars first: an old cookie may count as a thief's, and end a session.
    const order = [
      ...trace.jars.map(({ token }) => token),
      ...trace.tokens.map(({ value }) => value).toReversed(),
    ];
    const seen = new Map<string, Seen | undefined>();
    for (const token of order) {
      if (token === undefined || seen.has(token)) continue;
      seen.set(token, await this.#open(token, running));
    }
    for (const token of trace.tokens) token.opens = seen.get(token.value);
    const records = await this.#instance?.records();
    const live = [...seen.values()].filter((each) => each && !each.isNew);
    const ids = new Set(live.map((each) => each?.id));
    trace.orphans = records === undefined ? undefined : records - ids.size;
  }

  async close(): Promise<void> {
    await this.#instance?.close?.();
  }

  async #open(token: string, running: Running): Promise<Seen | undefined> {
    let seen: Seen | undefined;
    try {
      const { cookie } = this.#subject;
      await running.handle(requestWith(`${cookie}=${token}`), (session) => {
        seen = see(session);
        return Promise.resolve();
      });
    } catch (error) {
      this.trace.events.push(`audit: ${(error as Error).message}`);
    }
    return seen;
  }

  #processOf(name: string): Running {
    const full = this.#dead.has(name) ? `${name} again` : name;
    const instance = this.#instance as Instance;
    const known = this.#running.get(full) ?? instance.start(full);
    this.#running.set(full, known);
    return known;
  }

  #addBeginnings(): void {
    for (const visit of this.trace.visits) {
      const { name, plan: { after = [], browser, process } } = visit;
      const isReady = after.every((place) =>
        this.trace.visits[place]?.outcome !== undefined
      );
      const step = `${name} begins`;
      if (visit.began || this.scheduler.waiting.has(step) || !isReady) continue;
      this.scheduler.add({
        name: step,
        touches: [
          writes(`process ${process}`),
          writes(`process ${process} again`),
          reads(`jar ${browser}`),
          reads("answers"),
        ],
        go: () => this.#beginVisit(visit),
      });
    }
  }

  #beginVisit(visit: Visit): void {
    const { scheduler } = this;
    const { name, plan } = visit;
    const jar = this.#jarOf(plan.browser);
    const running = this.#processOf(plan.process);
    const process = this.#dead.has(plan.process)
      ? `${plan.process} again`
      : plan.process;
    const actor: Actor = { name, process, counts: new Map() };
    visit.began = this.#step;
    visit.beganAt = this.time.wall;
    visit.sent = jar.token;
    const cookie = jar.token ? `${this.#subject.cookie}=${jar.token}` : "";
    const request = requestWith(cookie);
    const now = () => this.#step;
    const work = (session: Parameters<typeof see>[0]) =>
      perform(visit, session, running, scheduler, now);
    const handled = async () => {
      if (!plan.isSocket || !running.open) {
        return await running.handle(request, work);
      }
      await work(await running.open(request));
      return undefined;
    };
    const settle = (outcome: "answered" | "failed", response?: Response) => {
      if (this.#dead.has(process)) return;
      visit.left = this.#step;
      scheduler.add({
        name: `${name} ends`,
        process,
        touches: [
          writes(`jar ${plan.browser}`),
          writes("answers"),
          reads(`answers of ${process}`),
        ],
        go: () => {
          visit.ended = this.#step;
          visit.endedAt = this.time.wall;
          visit.outcome = outcome;
          if (response) this.#deliver(visit, jar, response);
          this.#addBeginnings();
        },
      });
    };
    actors.run(actor, () => {
      handled().then(
        (response) => settle("answered", response),
        (error) => {
          visit.error = error;
          const { setCookie } = error ?? {};
          settle(
            "failed",
            setCookie
              ? new Response(null, { headers: { "set-cookie": setCookie } })
              : undefined,
          );
        },
      );
    });
  }

  #deliver(visit: Visit, jar: Jar, response: Response): void {
    const token = this.#tokenOf(response);
    if (token === undefined) return;
    visit.received = token;
    jar.token = token || undefined;
    if (!token) return;
    const since = this.#step;
    this.trace.tokens.push({ value: token, since, from: visit.name });
  }

  #tokenOf(response: Response): string | undefined {
    const start = `${this.#subject.cookie}=`;
    const line = response.headers.getSetCookie().findLast((each) =>
      each.startsWith(start)
    );
    if (line === undefined) return undefined;
    const isOver = /; *(Max-Age=0|Expires=Thu, 01 Jan 1970)/i.test(line);
    return isOver ? "" : line.slice(start.length).split(";")[0];
  }

  #jarOf(browser: string): Jar {
    const jar = this.trace.jars.find(({ name }) => name === browser);
    if (!jar) throw new Error(`There is no browser ${browser}`);
    return jar;
  }

  #addJumps(): void {
    const { jumps = [] } = this.#scenario;
    const add = (place: number) => {
      const ms = jumps[place];
      if (ms === undefined) return;
      this.scheduler.add({
        name: `clock ${place + 1}`,
        // A record's own end is a day away.
        touches: [writes("clock"), ...this.#allProcesses(), writes("answers")],
        go: () => {
          this.time.jump(ms);
          add(place + 1);
        },
      });
    };
    add(0);
  }

  #allProcesses() {
    const names = new Set(
      this.#scenario.requests.map(({ process }) => process),
    );
    return [...names].flatMap((name) => [
      writes(`process ${name}`),
      writes(`process ${name} again`),
    ]);
  }

  /** The faults of which no call is: a process stops, a store stands still. */
  #faultSteps(): Step[] {
    const { faults = [] } = this.#scenario;
    const steps: Step[] = [];
    if (this.#faultsLeft <= 0) return steps;
    if (faults.includes("slow") && this.time.hasLimits) {
      steps.push({
        name: "nobody answers for 5 s",
        touches: [writes("all")],
        isFault: true,
        go: () => {
          this.#countFault("slow");
          this.time.pass(5_001);
        },
      });
    }
    if (!faults.includes("crash")) return steps;
    const active = this.trace.visits.filter(({ began, outcome }) =>
      began !== undefined && !outcome
    );
    for (const process of new Set(active.map(({ plan }) => plan.process))) {
      if (this.#dead.has(process)) continue;
      const calls = [...this.scheduler.waiting.values()].filter((step) =>
        step.process === process && step.name.endsWith(" apply")
      );
      const touches = [
        writes(`process ${process}`),
        writes(`answers of ${process}`),
        writes("faults"),
        ...calls.flatMap((call) => call.touches),
      ];
      const crash = (isLate: boolean) => () => this.#crash(process, isLate);
      const name = `${process} stops`;
      steps.push({ name, touches, isFault: true, go: crash(false) });
      if (calls.length) {
        const late = `${process} stops, and its calls arrive`;
        steps.push({ name: late, touches, isFault: true, go: crash(true) });
      }
    }
    return steps;
  }

  #crash(process: string, isLate: boolean): void {
    this.#countFault("crash");
    this.#dead.add(process);
    this.time.forget(process);
    this.scheduler.remove((step) =>
      step.process === process && !(isLate && step.name.endsWith(" apply"))
    );
    for (const visit of this.trace.visits) {
      if (visit.plan.process !== process || visit.outcome) continue;
      if (visit.began === undefined) continue;
      visit.outcome = "crashed";
    }
    this.#addBeginnings();
  }

  #countFault(kind: string): void {
    this.trace.faults.push(kind);
    if (--this.#faultsLeft > 0) return;
    this.scheduler.remove(({ isFault }) => !!isFault);
  }
}

function requestWith(cookie: string): Request {
  return new Request(AT, { headers: cookie ? { cookie } : {} });
}
