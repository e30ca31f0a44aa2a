// Visitors: each has a browser with a jar, tabs that work at the same time, and
// copies of old cookies. All that they ask and are told goes into the history.

import { setTimeout as sleep } from "node:timers/promises";
import { Browser } from "../../testing/browser.ts";
import type { Fleet } from "./fleet.ts";
import { endsSessions, type Kind, type Op, type Seen } from "./history.ts";
import type { Random } from "./random.ts";

/** How a group of visitors behaves. */
export interface Plan {
  readonly fleet: Fleet;
  readonly random: Random;
  readonly browsers: number;
  readonly tabs: number;
  /** The longest pause of a tab, in ms. */
  readonly pause: number;
  /** Whether the store can list a user's sessions. */
  readonly canList: boolean;
}

type Request1 = Omit<Partial<Op>, "kind"> & { readonly kind: Kind };

// The processes are behind something that ends TLS.
const ORIGIN = "https://example.com";
const NAME = "__Host-sid";
const PATIENCE = 9000;
const LONGEST_LIST = 150;
const COPIES = 3;
/** Each so many-th visitor stays, so that sessions grow old enough to renew. */
const STAYS = 3;

// How often each request comes.
const WEIGHTS: Readonly<Record<Kind, number>> = {
  save: 30,
  append: 14,
  read: 20,
  slow: 6,
  flash: 6,
  flashes: 6,
  login: 6,
  regenerate: 3,
  list: 2,
  logout: 1.5,
  reset: 1,
  revokeAll: 1,
  switch: 2.5,
};

/** All visitors of a store. */
export class Visitors {
  readonly ops: Op[] = [];
  readonly #plan: Plan;
  readonly #all: Visitor[];
  #isOver = false;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#all = Array.from(
      { length: plan.browsers },
      (_, place) => new Visitor(plan, place, this.ops),
    );
  }

  /** They come until `leave()`. */
  async come(): Promise<void> {
    const tabs = this.#all.flatMap((visitor) =>
      Array.from({ length: this.#plan.tabs }, () => this.#tab(visitor))
    );
    await Promise.all(tabs);
  }

  leave(): void {
    this.#isOver = true;
  }

  /** What each sees when all is over, and what old cookies open then. */
  async lookAgain(): Promise<void> {
    await Promise.all(this.#all.map((visitor) => visitor.lookAgain()));
  }

  async #tab(visitor: Visitor): Promise<void> {
    while (!this.#isOver) {
      await visitor.click();
      await sleep(this.#plan.random.next() * this.#plan.pause);
    }
  }
}

class Visitor {
  readonly #plan: Plan;
  readonly #name: string;
  /** Two browsers are of one user. */
  readonly #user: string;
  readonly #ops: Op[];
  readonly #browser: Browser;
  /** Which session a cookie is of, by the answer that came with it. */
  readonly #owners: Map<string, string> = new Map();
  /** Cookies of each session, and of those that have ended. */
  readonly #copies: Map<string, string[]> = new Map();
  readonly #dead: Map<string, string[]> = new Map();
  /** Cookies of sessions before anybody logged in. */
  readonly #early: Map<string, string> = new Map();
  /** Since when the user is known to be logged in to a session. */
  readonly #since: Map<string, number> = new Map();
  /** Those who stay keep their sessions for minutes. */
  readonly #isPatient: boolean;
  #clicks = 0;
  #length = 0;
  #now: string | undefined;

  constructor(plan: Plan, place: number, ops: Op[]) {
    this.#plan = plan;
    this.#name = `b${place}`;
    this.#isPatient = place % STAYS === 0;
    this.#user = `user-${Math.floor(place / 2)}`;
    this.#ops = ops;
    this.#browser = new Browser((request) => this.#send(request), {
      origin: ORIGIN,
    });
  }

  /** One tab does something. */
  async click(): Promise<void> {
    const { random } = this.#plan;
    const kind = this.#choose();
    const isTwice = kind === "login" && random.chance(0.3);
    const all = [this.#ask({ kind, ...this.#details(kind) })];
    if (isTwice) all.push(this.#ask({ kind, ...this.#details(kind) }));
    await Promise.all(all);
  }

  async lookAgain(): Promise<void> {
    await this.#ask({ kind: "flashes" });
    await this.#ask({ kind: "read" });
    // However little time there was, some sessions have ended.
    if (!this.#isPatient) {
      await this.#ask({ kind: "save" });
      await this.#ask({ kind: "logout" });
    }
    for (const cookies of this.#dead.values()) await this.#try(cookies);
  }

  #choose(): Kind {
    const { random, canList } = this.#plan;
    if (this.#isPatient && random.chance(0.9)) {
      return random.pick(["read", "save", "append", "slow", "read"]);
    }
    if (this.#length > LONGEST_LIST && random.chance(0.1)) {
      return random.pick(["logout", "reset"]);
    }
    const kinds = Object.keys(WEIGHTS) as Kind[];
    const total = kinds.reduce((sum, kind) => sum + WEIGHTS[kind], 0);
    let left = random.next() * total;
    const kind = kinds.find((each) => (left -= WEIGHTS[each]) < 0) ?? "read";
    const needsList = kind === "list" || kind === "revokeAll";
    return needsList && !canList ? "read" : kind;
  }

  #details(kind: Kind): Partial<Op> {
    if (kind === "login" || kind === "list") return { user: this.#user };
    if (kind === "switch") return { user: `${this.#name}-${this.#clicks}` };
    if (kind !== "revokeAll") return {};
    const except = this.#plan.random.chance(0.5) ? this.#now : undefined;
    return { user: this.#user, except };
  }

  /** Asks for one thing, and writes down what came of it. */
  async #ask(asked: Request1, cookie?: string): Promise<Op> {
    const { random } = this.#plan;
    const { kind } = asked;
    const mark = `${this.#name}.${this.#clicks++}`;
    const query = new URLSearchParams({ mark });
    if (asked.user) query.set("user", asked.user);
    if (asked.except) query.set("except", "1");
    if (kind === "slow") query.set("hold", `${random.from(100, 1200)}`);
    const path = `/${kind}?${query}`;
    const sentCookie = cookie ?? this.#browser.cookie(NAME);
    const sent = this.#owners.get(sentCookie ?? "");
    const began = performance.now();
    let answer: { status: number; seen?: Seen & { code?: string } };
    try {
      const response = cookie === undefined
        ? await this.#browser.post(path)
        : await this.#send(
          new Request(`${ORIGIN}${path}`, {
            method: "POST",
            headers: { cookie: `${NAME}=${cookie}` },
          }),
        );
      answer = { status: response.status, seen: await response.json() };
    } catch {
      answer = { status: 0 };
    }
    const ended = performance.now();
    const { status, seen } = answer;
    const code = status === 200 ? undefined : seen?.code ?? "no answer";
    const op: Op = {
      ...asked,
      browser: this.#name,
      mark,
      began,
      ended,
      sent,
      outcome: status === 200
        ? "ok"
        : code === "conflict"
        ? "refused"
        : "unknown",
      code,
      seen: status === 200 ? seen : undefined,
      isProbe: cookie !== undefined,
    };
    const exact = asked.except === undefined
      ? op
      // What stays is the session that the request has met.
      : { ...op, except: seen?.id ?? sent };
    this.#ops.push(exact);
    if (cookie === undefined && op.seen) this.#follow(exact, op.seen);
    return exact;
  }

  /** Notes what an answer says of the browser's session. */
  #follow(op: Op, seen: Seen): void {
    this.#now = seen.id;
    this.#length = seen.log?.length ?? this.#length + 1;
    if (seen.user === this.#user && !this.#since.has(seen.id)) {
      this.#since.set(seen.id, op.ended);
    }
    const early = this.#early.get(seen.id);
    if (op.kind === "login" && early) {
      this.#early.delete(seen.id);
      void this.#try([early], seen.id);
    }
    if (!endsSessions(op)) return;
    this.#length = 0;
    for (const id of this.#endedBy(op, seen)) {
      const cookies = this.#copies.get(id);
      if (!cookies) continue;
      this.#copies.delete(id);
      this.#dead.set(id, cookies);
      void this.#try(cookies);
    }
  }

  /** Old cookies of other sessions are no copies to try: that is theft. */
  #endedBy(op: Op, { ended }: Seen): string[] {
    if (op.kind !== "revokeAll") return ended === undefined ? [] : [ended];
    return [...this.#since].filter(([id, since]) =>
      since < op.began && id !== op.except
    ).map(([id]) => id);
  }

  /** Whether cookies that were kept open what they must not open any more. */
  async #try(cookies: readonly string[], burned?: string): Promise<void> {
    for (const cookie of cookies) {
      const kind = this.#plan.random.chance(0.1) ? "save" : "read";
      await this.#ask({ kind, burned }, cookie);
    }
  }

  /** A request with the cookie from before a renewal was on its way. */
  async #comeLate(cookie: string): Promise<void> {
    await sleep(this.#plan.random.from(100, 1500));
    await this.#ask({ kind: "read" }, cookie);
  }

  async #send(request: Request): Promise<Response> {
    const { fleet, random } = this.#plan;
    const url = new URL(request.url);
    url.protocol = "http:";
    url.hostname = "127.0.0.1";
    url.port = `${fleet.port(random.from(0, fleet.size - 1))}`;
    const cookie = request.headers.get("cookie");
    const response = await fetch(url, {
      method: request.method,
      headers: cookie ? { cookie } : {},
      signal: AbortSignal.timeout(PATIENCE),
    });
    const text = await response.text();
    const { status, headers } = response;
    const made = /^__Host-sid=([^;]+)/.exec(headers.getSetCookie()[0] ?? "")
      ?.[1];
    if (made && status === 200) {
      const seen: Seen = JSON.parse(text);
      const before = this.#copies.get(seen.id)?.at(-1);
      this.#keep(made, seen);
      // Only a renewal gives another cookie for the same session unasked.
      const isRenewal = /^\/(read|save|append|slow|flash)/.test(url.pathname);
      if (isRenewal && before) void this.#comeLate(before);
    }
    return new Response(text, { status, headers });
  }

  #keep(cookie: string, { id, user }: Seen): void {
    this.#owners.set(cookie, id);
    if (user === undefined) this.#early.set(id, cookie);
    const copies = this.#copies.get(id) ?? [];
    this.#copies.set(id, copies);
    if (copies.length < COPIES) copies.push(cookie);
    else copies[COPIES - 1] = cookie;
  }
}
