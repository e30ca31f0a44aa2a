// Who asks: visitors with a jar of cookies each, several on a connection, as
// behind one more proxy.

import { type Random, randomOf } from "../soak/random.ts";
import { type Audit, cookiesIn } from "./audit.ts";
import type { Cache } from "./caches.ts";
import type { Answer, Question } from "./client.ts";
import { SITES, type Sites } from "./site.ts";

const CONNECTIONS = 24;
/** How many visitors there are at a time on each connection. */
const AT_A_TIME = 3;
/** After how many requests a visitor leaves, on average. */
const STAY = 60;
/** How many of them take no cookies, as robots do. */
const ROBOTS = 0.25;

interface Visitor {
  readonly name: string;
  readonly isRobot: boolean;
  /** By site and name. */
  readonly jar: Map<string, string>;
  /** By site and path. */
  readonly tags: Map<string, string>;
}

let visitors = 0;

function newcomer(random: Random): Visitor {
  const name = `v${(visitors++).toString(36)}`;
  const isRobot = random.chance(ROBOTS);
  return { name, isRobot, jar: new Map(), tags: new Map() };
}

/** Lets them ask this often altogether. */
export async function visit(
  cache: Cache,
  sites: Sites,
  audit: Audit,
  options: { requests: number; seed: number; isOver: () => boolean },
): Promise<void> {
  let left = options.requests;
  const begun = Array.from({ length: CONNECTIONS }, async (_, place) => {
    const random = randomOf(options.seed * 1000 + place);
    const client = cache.client();
    const present = Array.from({ length: AT_A_TIME }, () => newcomer(random));
    try {
      while (left-- > 0 && !options.isOver()) {
        const which = random.from(0, AT_A_TIME - 1);
        if (random.chance(1 / STAY)) present[which] = newcomer(random);
        const visitor = present[which] as Visitor;
        const question = think(visitor, sites, random);
        const answer = await client.ask(question);
        audit.take(visitor.name, question, answer);
        remember(visitor, question, answer);
      }
    } finally {
      client.close();
    }
  });
  await Promise.all(begun);
}

function think(visitor: Visitor, sites: Sites, random: Random): Question {
  const site = random.pick(SITES);
  const { length } = sites.routes[site];
  // Some paths are asked for more than others.
  const path = `/${Math.floor(random.next() * random.next() * length)}`;
  const headers: Record<string, string> = {
    "x-visitor": visitor.name,
    "accept-language": random.pick(["en", "de"]),
  };
  const cookies = [...visitor.jar].filter(([key]) => key.startsWith(`${site} `))
    .map(([key, value]) => `${key.slice(site.length + 1)}=${value}`);
  if (cookies.length) headers["cookie"] = cookies.join("; ");
  const origin = random.pick(["same-origin", "same-origin", "cross-site"]);
  if (random.chance(0.3)) headers["sec-fetch-site"] = origin;
  if (random.chance(0.2)) headers["sec-fetch-dest"] = "document";
  const method = random.next();
  if (method < 0.07) {
    const method = random.pick(["POST", "POST", "PUT", "DELETE", "OPTIONS"]);
    headers["content-length"] = "0";
    return { method, host: `${site}.test`, path, headers };
  }
  const tag = visitor.tags.get(site + path);
  if (tag && random.chance(0.5)) headers["if-none-match"] = tag;
  else if (random.chance(0.06)) headers["range"] = "bytes=0-9";
  else if (random.chance(0.03)) headers["cache-control"] = "no-cache";
  return {
    method: method < 0.15 ? "HEAD" : "GET",
    host: `${site}.test`,
    path,
    headers,
  };
}

function remember(visitor: Visitor, question: Question, answer: Answer): void {
  const site = question.host.replace(".test", "");
  for (const { name, value } of cookiesIn(answer.head)) {
    if (visitor.isRobot) break;
    if (value) visitor.jar.set(`${site} ${name}`, value);
    else visitor.jar.delete(`${site} ${name}`);
  }
  const [, tag] = /^etag: *(.*?)\r?$/im.exec(answer.head) ?? [];
  if (tag) visitor.tags.set(site + question.path, tag);
}
