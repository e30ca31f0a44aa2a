import { createClient } from "redis";
import { type AnyData, type SessionStore, withSession } from "../../../mod.ts";
import { MemoryStore } from "../../../stores/memory.ts";
import { dataOf } from "../data.ts";
import { forge, type Jar, receive, requestWith } from "../jar.ts";
import { makeSecrets } from "../kinds.ts";
import type { Options } from "../options.ts";
import { JUDGED } from "../plan.ts";
import { startServed } from "../served/start.ts";
import type { Handler, Kind } from "../subject.ts";
import type { Weight } from "./weight.ts";

const IN_REDIS = ["with-session (redis)", "express-session + connect-redis"];
const CASES: Readonly<Partial<Record<Kind, string>>> = {
  anonymous: "anonymous",
  forged: "forged",
  "read-seen": "read",
  "write-seen": "write",
};
const REQUESTS = 8;
/** What is echoed when all commands before it have been seen. */
const MARK = "with-session-bench-mark";
/** Longer than a session goes without a renewal. */
const LATER = 1_200_000;

/** How often a store is asked in one request. */
export async function countRoundTrips(options: Options): Promise<Weight[]> {
  const weights = await countInMemory();
  const names = options.subjects.map(({ name }) => name)
    .filter((name) => IN_REDIS.includes(name));
  return [...weights, ...names.length > 0 ? await countInRedis(names) : []];
}

async function countInMemory(): Promise<Weight[]> {
  let trips = 0;
  let now = Date.now();
  const clock = () => now;
  const inner: SessionStore = new MemoryStore({ now: clock });
  const store = new Proxy(inner, {
    get(target, name) {
      const member = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...args: unknown[]) => {
        trips++;
        return Reflect.apply(member, target, args);
      };
    },
  });
  const options = { secret: makeSecrets(), store, now: clock };
  const data = dataOf(JUDGED.bytes);
  const read = withSession<AnyData>(
    (_request, session) => Response.json(session.get("count") ?? null),
    options,
  );
  const write = withSession<AnyData>((_request, session) => {
    return Response.json(session.update("count", (count = 0) => count + 1));
  }, options);
  const start = withSession<AnyData>((_request, session) => {
    for (const [key, value] of Object.entries(data)) session.set(key, value);
    return new Response();
  }, options);
  const jar = receive(await start(requestWith(new Map())));
  const tripsOf = async (handler: Handler, jar: Jar) => {
    trips = 0;
    await handler(requestWith(jar));
    return trips;
  };
  const counts = {
    anonymous: await tripsOf(read, new Map()),
    forged: await tripsOf(read, forge(jar)),
    read: await tripsOf(read, jar),
    write: await tripsOf(write, jar),
  };
  now += LATER;
  const renewal = await tripsOf(read, jar) - counts.read;
  return Object.entries({ ...counts, "idle renewal, beyond the read": renewal })
    .map(([name, value]) => ({
      what: "store round trips",
      subject: "with-session (memory)",
      case: name,
      value,
    }));
}

/** What Redis is told, less what its scripts do there by themselves. */
async function countInRedis(names: readonly string[]): Promise<Weight[]> {
  const served = await startServed();
  const weights: Weight[] = [];
  try {
    if (served.url === undefined) return [];
    const client = await createClient({ url: served.url }).connect();
    let commands = 0;
    let ended = () => {};
    await client.monitor((line) => {
      if (line.toString().includes(MARK)) ended();
      else if (!/ lua\]/.test(line.toString())) commands++;
    });
    const marker = await createClient({ url: served.url }).connect();
    const isSeen = async () => {
      const seen = new Promise<void>((resolve) => ended = resolve);
      await marker.echo(MARK);
      await seen;
    };
    for (const subject of names) {
      for (const [kind, name] of Object.entries(CASES)) {
        const of = { subject, kind, bytes: JUDGED.bytes };
        const load = { requests: REQUESTS, inFlight: 1, pool: REQUESTS };
        await served.ask("prepare", of);
        await served.ask("run", { ...of, ...load });
        await isSeen();
        commands = 0;
        await served.ask("run", { ...of, ...load });
        await isSeen();
        const value = commands / REQUESTS;
        weights.push({ what: "store round trips", subject, case: name, value });
      }
    }
    client.destroy();
    await marker.close();
  } finally {
    await served.stop();
  }
  return weights;
}
