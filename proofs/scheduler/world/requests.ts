import { type Actor, actors, reads, writes } from "./scheduler.ts";
import type { Facade } from "./subject.ts";
import type { Jar } from "./trace.ts";
import { perform, type Visit } from "./visit.ts";
import type { World } from "./world.ts";

/** Lets requests begin that wait for no answer any more. */
export function addBeginnings(world: World): void {
  const { scheduler, trace: { visits } } = world;
  for (const visit of visits) {
    const { name, plan: { after = [], browser, process } } = visit;
    const isReady = after.every((place) =>
      visits[place]?.outcome !== undefined
    );
    const step = `${name} begins`;
    if (visit.began || scheduler.waiting.has(step) || !isReady) continue;
    scheduler.add({
      name: step,
      touches: [
        writes(`process ${process}`),
        writes(`process ${process} again`),
        reads(`jar ${browser}`),
        reads("answers"),
      ],
      go: () => begin(world, visit),
    });
  }
}

function begin(world: World, visit: Visit): void {
  const { scheduler } = world;
  const { name, plan } = visit;
  const jar = world.jarOf(plan.browser);
  const running = world.processOf(plan.process);
  const process = world.nameOf(plan.process);
  const actor: Actor = { name, process, counts: new Map() };
  visit.began = world.step;
  visit.beganAt = world.time.wall;
  visit.sent = jar.token;
  const request = world.requestWith(jar.token);
  const now = () => world.step;
  const work = (session: Facade) =>
    perform(visit, session, running, scheduler, now);
  const handled = async () => {
    if (!plan.isSocket || !running.open) {
      return await running.handle(request, work);
    }
    await work(await running.open(request));
    return undefined;
  };
  const settle = (outcome: "answered" | "failed", response?: Response) => {
    if (world.dead.has(process)) return;
    visit.left = world.step;
    scheduler.add({
      name: `${name} ends`,
      process,
      touches: [
        writes(`jar ${plan.browser}`),
        writes("answers"),
        reads(`answers of ${process}`),
      ],
      go: () => {
        visit.ended = world.step;
        visit.endedAt = world.time.wall;
        visit.outcome = outcome;
        if (response) deliver(world, visit, jar, response);
        addBeginnings(world);
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

function deliver(
  world: World,
  visit: Visit,
  jar: Jar,
  response: Response,
): void {
  const token = world.tokenOf(response);
  if (token === undefined) return;
  visit.received = token;
  jar.token = token || undefined;
  if (!token) return;
  const since = world.step;
  world.trace.tokens.push({ value: token, since, from: visit.name });
}
