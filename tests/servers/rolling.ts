// A program that is replaced, server by server, while many people use it.

import { Agent, get } from "node:http";
import assert from "node:assert/strict";
import { Jar } from "../hosts/_express_session.ts";
import { type Random, randomOf } from "../../proofs/soak/random.ts";

/** A server: answers who is logged in. */
export interface Server {
  readonly name: string;
  /** Asks it, with the cookies of a jar, which takes what it sets. */
  visit(jar: Jar, path: string): Promise<string | null>;
}

/** Servers of before and after, and what a logout of theirs can promise. */
export interface Deploy {
  readonly old: readonly Server[];
  readonly moved: readonly Server[];
  /** The same without `keep`, for when no old one is left. */
  readonly last: readonly Server[];
  /** Whether a copy of the cookies ends with the session. */
  readonly endsCopies: boolean;
  readonly users: number;
}

/** How many people wait for an answer at a time. */
const AT_ONCE = 64;

/** Somebody with a browser, and what it has to show. */
class Person {
  readonly jar = new Jar();
  user: string | null = null;
  /** What was done, for the message of a failure. */
  readonly #steps: string[] = [];

  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  /** Visits a server, which has to show who is logged in, or nobody. */
  async visit(
    server: Server,
    path = "/",
    jar = this.jar,
    expected = this.user,
  ): Promise<void> {
    const whose = jar === this.jar ? "" : " with a copy";
    this.#steps.push(`${server.name}${path}${whose}`);
    const seen = await server.visit(jar, path);
    assert.equal(seen, expected, `${seen}: ${this.#steps.join(", ")}`);
  }
}

/**
 * Has everybody hop between servers while those are replaced, rolled back and
 * replaced again: each answer has to show who is logged in.
 */
export async function rollOut(deploy: Deploy, seed: number): Promise<void> {
  const random = randomOf(seed);
  const { old, moved, last, users } = deploy;
  const people = Array.from(
    { length: users },
    (_, i) => new Person(`user${i}`),
  );
  const stages: readonly (readonly Server[])[] = [
    [...old, ...moved],
    moved,
    // A rollback: the old program alone.
    old,
    [...old.slice(1), ...moved],
    last,
  ];
  await forAll(people, (person) => signIn(person, random.pick(old)));
  for (const servers of stages) {
    await forAll(people, async (person) => {
      await look(person, servers, random);
      if (random.chance(0.05)) await signOut(person, servers, deploy, random);
      const there = old.filter((server) => servers.includes(server));
      const isBack = !person.user && there.length > 0 && random.chance(0.5);
      if (isBack) await signIn(person, random.pick(there));
    });
  }
}

async function signIn(person: Person, server: Server): Promise<void> {
  person.user = person.name;
  await person.visit(server, `/login/${person.name}`);
}

/** Visits a page or, as some pages make several requests, three at a time. */
async function look(
  person: Person,
  servers: readonly Server[],
  random: Random,
): Promise<void> {
  const several = Array.from(
    { length: random.chance(0.1) ? 3 : 1 },
    () => random.pick(servers),
  );
  await Promise.all(several.map((server) => person.visit(server)));
}

async function signOut(
  person: Person,
  servers: readonly Server[],
  { old, moved, last, endsCopies }: Deploy,
  random: Random,
): Promise<void> {
  const { jar } = person;
  const copy = jar.copy();
  person.user = null;
  await person.visit(random.pick(servers), "/logout");
  // Without `keep`, nothing ties a session of ours to one of theirs.
  const jars = endsCopies && servers !== last ? [copy, jar] : [jar];
  for (const each of jars) {
    for (const side of [old, moved]) {
      await person.visit(random.pick(side), "/", each);
    }
  }
}

/** Runs for many at a time, and has the first failure end all. */
async function forAll(
  people: readonly Person[],
  run: (person: Person) => Promise<void>,
): Promise<void> {
  const left = people.values();
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (const person of left) await run(person);
  }));
}

const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });

/** Closes the connections to all servers. */
export function closeConnections(): void {
  agent.destroy();
}

/** A server over HTTP. `fetch` would take most of the time of so many visits. */
export function serverAt(name: string, origin: string): Server {
  const visit: Server["visit"] = (jar, path) =>
    new Promise((resolve, reject) => {
      const cookie = jar.field;
      const headers = cookie ? { cookie } : {};
      const request = get(origin + path, { agent, headers }, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (part) => text += part);
        response.on("error", reject);
        response.on("end", () => {
          for (const line of response.headers["set-cookie"] ?? []) {
            jar.set(line);
          }
          if (response.statusCode === 200) resolve(JSON.parse(text).user);
          else reject(new Error(`Status ${response.statusCode}`));
        });
      }).on("error", (error) => {
        // The server has closed a connection that had been idle, as it may.
        if (request.reusedSocket) resolve(visit(jar, path));
        else reject(error);
      });
    });
  return { name, visit };
}
