import { countFault } from "./faults.ts";
import type { Scenario } from "./scenario.ts";
import type { Subject, Surroundings } from "./subject.ts";
import type { Jar, Token } from "./trace.ts";
import type { World } from "./world.ts";

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

function keyOf({ browsers }: Scenario): string {
  return JSON.stringify(browsers);
}

/** Where what is random in a run begins. */
export function seedOf(subject: Subject, scenario: Scenario): number {
  // What was written before has taken its numbers from another seed.
  return beginningsOf(subject).has(keyOf(scenario)) ? 2 : 1;
}

/** Gives each browser its session. */
export async function prepare(world: World): Promise<void> {
  const { subject, scenario, time, trace } = world;
  const { browsers, age = 0 } = scenario;
  const known = beginningsOf(subject);
  const key = keyOf(scenario);
  const beginning = known.get(key);
  const instance = await world.begin(around(world), beginning?.content);
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
    } else if (plan.user !== undefined) await signIn(world, jar, plan.user);
  }
  time.jump(age * 1000);
  trace.events.length = 0;
  const content = instance.content?.();
  if (!content) return;
  const jars = trace.jars.map((jar) => ({ ...jar }));
  const tokens = trace.tokens.map((token) => ({ ...token }));
  known.set(key, { content, jars, tokens });
  // What this process has seen is not what another one begins with.
  world.forgetProcesses();
}

/** What a run gives to the library in it. */
function around(world: World): Surroundings {
  const { scheduler, time, trace } = world;
  const { renewAfter, faults = [] } = world.scenario;
  return {
    scheduler,
    time,
    renewAfter,
    faults: new Set<string>(faults),
    mayFail: () => world.faultsLeft > 0,
    fail: (kind) => countFault(world, kind),
    isDead: (process) => world.dead.has(process),
    tell: (event) => void trace.events.push(event),
  };
}

async function signIn(world: World, jar: Jar, user: string): Promise<void> {
  const running = world.processOf("aside");
  const request = world.requestWith(undefined);
  const response = await running.handle(request, async (session) => {
    session.update("marks", () => [`|${jar.name}`]);
    if (user) await session.login(user);
  });
  jar.token = world.tokenOf(response);
  if (!jar.token) throw new Error("A session that was set has no cookie");
  world.trace.tokens.push({ value: jar.token, since: 0, from: jar.name });
  jar.first = await world.open(jar.token, running);
}
