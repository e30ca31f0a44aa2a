import type { Subject } from "./world/subject.ts";
import type { Trace } from "./world/trace.ts";
import { type Deed, ownerOf, type Seen, type Visit } from "./world/visit.ts";

// What a visitor may see, whatever the order was. Each rule looks at a whole run
// and says what is wrong with it.

/** What was promised and is not so. */
export interface Breach {
  readonly rule: string;
  readonly what: string;
}

type Rule = (trace: Trace, subject: Subject) => string[];

const ENDS = /^(destroy|reset|revoke)/;
const NEW_COOKIES = /^(login|regenerate)$/;
/** What may take a value away that another request has written. */
const WIPES = /^(clear|remove|login|destroy|reset|revoke)/;

/** All that was done, and by which request. */
function deedsOf(trace: Trace): { visit: Visit; deed: Deed }[] {
  return trace.visits.flatMap((visit) =>
    visit.deeds.map((deed) => ({ visit, deed }))
  );
}

/** When it was acknowledged: by `save()`, or by the answer; if at all. */
function doneAt(visit: Visit, deed: Deed): number | undefined {
  const place = visit.deeds.indexOf(deed);
  const saved = visit.deeds.find(({ kind, done }, other) =>
    kind === "save" && other > place && done !== undefined
  );
  // A socket has nothing but what it saves.
  const isAnswered = visit.outcome === "answered" && !visit.plan.isSocket;
  const answered = isAnswered ? visit.ended : undefined;
  return deed.done ?? saved?.done ?? answered;
}

function marksIn({ values }: Seen): string[] {
  return Object.entries(values).flatMap(([key, value]) =>
    key === "marks"
      ? value as string[]
      : key.startsWith("k")
      ? [key.slice(1)]
      : []
  );
}

/** What requests and the last look have seen of sessions that were there. */
function looksOf(trace: Trace): { by: string; seen: Seen }[] {
  const looks: { by: string; seen: Seen }[] = [];
  for (const { name, seen } of trace.visits) {
    if (seen) looks.push({ by: name, seen });
  }
  for (const { from, opens } of trace.tokens) {
    if (opens) {
      looks.push({ by: `the cookie of ${from}, at last`, seen: opens });
    }
  }
  return looks;
}

/** A request that began after an instant, the last look included. */
function* later(
  trace: Trace,
  instant: number,
): Generator<{ by: string; token: string | undefined; seen: Seen }> {
  for (const { name, began = 0, sent, seen } of trace.visits) {
    if (began > instant && seen) yield { by: name, token: sent, seen };
  }
  for (const { from, value, opens } of trace.tokens) {
    if (!opens) continue;
    yield { by: `the cookie of ${from}, at last`, token: value, seen: opens };
  }
}

/** Whether something may have happened that ended or replaced a session. */
function mayEnd(trace: Trace): boolean {
  return deedsOf(trace).some(({ deed: { kind } }) => ENDS.test(kind)) ||
    trace.events.includes("reuse");
}

const rules: Record<string, Rule> = {
  "the run is sound, and ends": ({ problems }) => [...problems],

  "nothing that has ended is served": (trace, { promises }) => {
    const faults: string[] = [];
    for (const { visit, deed } of deedsOf(trace)) {
      const { kind, of, id, began } = deed;
      if (!ENDS.test(kind) || kind === "revoke" && !deed.answer) continue;
      // An end stands though its handler throws, unless the store refused it.
      const stands =
        visit.outcome === "failed" && /^(destroy|reset)$/.test(kind) &&
          visit.error?.code !== "store-failed"
          ? visit.ended
          : undefined;
      const done = doneAt(visit, deed) ?? stands;
      if (done === undefined) continue;
      const isAll = /^revoke(All|Others)$/.test(kind);
      if (promises.ends === "jar" || promises.ends === "revoked" && !isAll) {
        if (kind === "destroy") faults.push(...inJar(trace, visit, deed, done));
        continue;
      }
      for (const { by, token, seen } of later(trace, done)) {
        if (seen.isNew) continue;
        // Where a new cookie is a new id, it may be of a session that stays.
        const isNewer = trace.tokens.some(({ value, since }) =>
          value === token && since >= (visit.began ?? 0)
        );
        if (promises.keeps !== "all" && isNewer) continue;
        const isIt = isAll
          ? seen.user === of && !(kind === "revokeOthers" && seen.id === id) &&
            !loggedInSince(trace, seen, of, began)
          : seen.id === id;
        if (isIt) {
          faults.push(
            `${by} is served ${seen.id} after ${visit.name}'s ${kind}`,
          );
        }
      }
    }
    return faults;
  },

  "a login ends earlier cookies": (trace, { promises }) => {
    if (!promises.refusesOld) return [];
    const faults: string[] = [];
    for (const { visit, deed } of deedsOf(trace)) {
      if (!NEW_COOKIES.test(deed.kind) || visit.seen?.isNew) continue;
      const done = doneAt(visit, deed);
      if (done === undefined) continue;
      const old = trace.tokens.filter((token) =>
        token.since < (visit.began ?? 0) &&
        idOf(trace, token.from) === visit.seen?.id
      );
      for (const { by, token, seen } of later(trace, done)) {
        if (seen.isNew || !old.some(({ value }) => value === token)) continue;
        faults.push(
          `${by} is served with a cookie from before ${visit.name}'s ${deed.kind}`,
        );
      }
    }
    return faults;
  },

  "no value of one user is in another's session": (trace) =>
    looksOf(trace).flatMap(({ by, seen }) => {
      if (seen.isNew) {
        return marksIn(seen).map((mark) => `${by} begins with ${mark}`);
      }
      return marksIn(seen)
        .filter((mark) => ownerOf(mark) && ownerOf(mark) !== seen.user)
        .map((mark) => `${by} sees ${mark} as ${seen.user ?? "nobody"}`);
    }),

  "a write is there once at most": (trace) =>
    looksOf(trace).flatMap(({ by, seen }) => {
      const marks = marksIn(seen);
      return marks.filter((mark, place) => marks.indexOf(mark) !== place)
        .map((mark) => `${by} sees ${mark} twice`);
    }),

  "what was acknowledged is there": (trace, { promises }) => {
    const faults: string[] = [];
    const all = deedsOf(trace);
    const there = new Set(
      trace.tokens.flatMap(({ opens }) => opens ? marksIn(opens) : []),
    );
    for (const { visit, deed } of all) {
      const { mark, kind } = deed;
      const done = doneAt(visit, deed);
      if (!mark || kind === "flash" || done === undefined || there.has(mark)) {
        continue;
      }
      const isSaved = visit.outcome !== "answered" || visit.plan.isSocket;
      const meets = (other: Visit) =>
        other.outcome === undefined ||
        (other.ended ?? Infinity) > (visit.began ?? 0);
      const wipes = all.some((other) =>
        WIPES.test(other.deed.kind) &&
        // Without a store, nothing says at once that it was in vain.
        (other.visit === visit && promises.keeps === "all"
          ? visit.deeds.indexOf(other.deed) > visit.deeds.indexOf(deed)
          : meets(other.visit))
      );
      if (wipes || trace.events.includes("reuse")) continue;
      // There the browser's cookie has the data: no answer, no new cookie.
      if (isSaved && promises.keeps !== "all") continue;
      // A new session whose answer has not come out is nobody's.
      if (
        isSaved &&
        (visit.seen?.isNew ||
          visit.deeds.some((each) => NEW_COOKIES.test(each.kind)))
      ) continue;
      // What a login or `regenerate()` has kept is out of reach if the browser
      // never got its answer.
      if (
        trace.visits.some((each) =>
          !each.received &&
          each.deeds.some(({ kind }) => NEW_COOKIES.test(kind))
        )
      ) continue;
      // Answers that cross, of different processes, leave the older cookie.
      if (crosses(trace)) continue;
      if (
        promises.keeps === "unmet" &&
        trace.visits.some((other) =>
          other !== visit && meets(other) && (other.began ?? Infinity) < done
        )
      ) continue;
      // A browser that has sent two first requests has the session of one.
      if (
        visit.seen?.isNew &&
        trace.visits.some((other) =>
          other !== visit && other.seen?.isNew &&
          other.plan.browser === visit.plan.browser
        )
      ) continue;
      faults.push(`${mark} of ${visit.name} is lost`);
    }
    return faults;
  },

  "nobody is refused without a reason": (trace, { promises }) => {
    const faults: string[] = [];
    const doers = (pattern: RegExp, but: Visit) =>
      deedsOf(trace).some(({ visit, deed }) =>
        visit !== but && pattern.test(deed.kind)
      );
    for (const visit of trace.visits) {
      const { error, name, plan } = visit;
      if (!error || error.message === "The handler fails") continue;
      const { code = "no code" } = error;
      const isExcused = code === "gone"
        ? doers(/^(destroy|reset|revoke|login|regenerate)/, visit) ||
          plan.ops.some((op) => op.startsWith("revoke")) ||
          // What was not there yet is judged by a clock that has jumped since.
          promises.keeps === "unmet" && hasJumped(trace) ||
          trace.events.includes("reuse")
        : code === "destroyed"
        ? plan.ops.includes("destroy")
        : code === "unsupported"
        ? !promises.hasLists
        : code === "store-failed" || code === "conflict"
        ? trace.faults.length > 0
        : false;
      if (!isExcused) faults.push(`${name} fails: ${code}, ${error.message}`);
    }
    return faults;
  },

  "a browser keeps its session": (trace) => {
    if (mayEnd(trace) || trace.faults.length || crosses(trace)) return [];
    return trace.jars.flatMap(({ name, token, first }) => {
      const own = trace.visits.filter((visit) => visit.plan.browser === name);
      const hasMet = othersMake(trace, name);
      const answers = own.filter(({ received }) => received);
      if (hasMet || isCut(trace, name) || !first && !answers.length) return [];
      const opens = trace.tokens.find(({ value }) => value === token)?.opens;
      return opens && !opens.isNew ? [] : [`${name} has lost its session`];
    });
  },

  "whose last answer is of a login is logged in": (trace) => {
    if (mayEnd(trace) || crosses(trace)) return [];
    return trace.jars.flatMap(({ name, token }) => {
      const last = trace.visits
        .filter(({ plan, ended }) =>
          plan.browser === name && !plan.isSocket && ended !== undefined
        )
        .sort((one, other) => (one.ended ?? 0) - (other.ended ?? 0)).at(-1);
      const user = last?.deeds.findLast(({ kind }) => kind === "login")?.of;
      if (!last || last.outcome !== "answered" || !user) return [];
      if (isCut(trace, name) || othersMake(trace, name)) return [];
      const users = new Set(
        trace.visits.flatMap((visit) =>
          visit === last || (visit.ended ?? Infinity) > (last.began ?? 0)
            ? visit.deeds.filter(({ kind }) => kind === "login").map(({ of }) =>
              of
            )
            : []
        ),
      );
      const opens = trace.tokens.find(({ value }) => value === token)?.opens;
      return opens?.user && users.has(opens.user)
        ? []
        : [`${name} is ${opens?.user ?? "nobody"} after a login as ${user}`];
    });
  },

  "no id is used twice": (trace) => {
    const begun = trace.visits.filter(({ seen }) => seen?.isNew);
    const ids = [
      ...begun.map(({ seen }) => seen?.id),
      ...trace.jars.flatMap(({ plan, first }) =>
        first && !plan.copyOf ? [first.id] : []
      ),
    ];
    return ids.filter((id, place) => ids.indexOf(id) !== place)
      .map((id) => `${id} is used twice`);
  },

  "no record is without a cookie": (trace) => {
    const { orphans = 0, faults, visits } = trace;
    if (faults.length || crosses(trace)) return [];
    const isExcused = visits.some(({ plan }) =>
      plan.isSocket || plan.ops.includes("throw")
    );
    // A login or `regenerate()` that another one, or a logout, has overtaken by
    // the cookie from before it sends none (decision 003).
    const bare = visits.filter(({ deeds, received }) =>
      received === undefined &&
      deeds.some(({ kind }) => NEW_COOKIES.test(kind)) &&
      !deeds.some(({ kind }) => /^(destroy|reset)$/.test(kind))
    );
    return isExcused || orphans <= bare.length ? [] : [`${orphans} records`];
  },

  "a notice is read once": (trace) => {
    const readings = deedsOf(trace).filter(({ deed }) => deed.read?.length);
    return readings.flatMap(({ visit, deed }) =>
      (deed.read ?? []).filter((mark) =>
        readings.some((other) =>
          other.deed.read?.includes(mark) &&
          (other.visit.ended ?? Infinity) < (visit.began ?? 0) &&
          other.visit.outcome === "answered"
        )
      ).map((mark) => `${visit.name} reads ${mark} again`)
    );
  },
};

/** Whether a clock has jumped by more than clocks may be apart. */
function hasJumped({ scenario: { jumps = [] } }: Trace): boolean {
  return jumps.some((ms) => Math.abs(ms) > 60_000);
}

/** Whether a new cookie went nowhere: its handler failed, or is a socket's. */
function isCut(trace: Trace, browser: string): boolean {
  return trace.visits.some(({ plan, outcome, deeds }) =>
    plan.browser === browser &&
    (plan.isSocket || outcome !== "answered") &&
    deeds.some(({ kind }) => NEW_COOKIES.test(kind))
  );
}

/** Whether whoever shares a browser's cookie has made a newer one of it. */
function othersMake({ jars, visits }: Trace, browser: string): boolean {
  const copyOf = (name: string) =>
    jars.find((jar) => jar.name === name)?.plan.copyOf;
  return visits.some(({ plan: { browser: other }, deeds }) =>
    (copyOf(other) === browser || copyOf(browser) === other) &&
    deeds.some(({ kind }) => NEW_COOKIES.test(kind))
  );
}

/** The name of the session that a request, or a browser at first, had. */
function idOf(trace: Trace, from: string): string | undefined {
  const jar = trace.jars.find(({ name }) => name === from);
  if (jar) return jar.first?.id;
  const visit = trace.visits.find(({ name }) => name === from);
  return visit?.seen?.id;
}

/** Whether a user has logged in to a session since an instant. */
function loggedInSince(
  trace: Trace,
  seen: Seen,
  user: string | undefined,
  instant: number,
): boolean {
  return deedsOf(trace).some(({ visit, deed }) =>
    deed.kind === "login" && deed.of === user &&
    (visit.ended ?? Infinity) > instant &&
    // A login may have begun a session of its own.
    (visit.seen?.id === seen.id || !seen.isNew)
  );
}

/**
 * A session in a cookie can only be ended in the browser, by the process that
 * knows of the end.
 */
function inJar(trace: Trace, visit: Visit, deed: Deed, done: number): string[] {
  const isOneProcess = trace.visits.every(({ plan }) =>
    plan.process === visit.plan.process
  );
  const isPlain = trace.visits.every((other) =>
    other === visit ||
    other.deeds.every(({ kind }) => !/login|regenerate|reset/.test(kind))
  );
  if (!isOneProcess || !isPlain) return [];
  const faults: string[] = [];
  for (const { name, plan, seen, began = 0 } of trace.visits) {
    const isLater = began > done && plan.browser === visit.plan.browser;
    if (isLater && seen && !seen.isNew && seen.id === deed.id) {
      faults.push(`${name} is served ${seen.id} after ${visit.name}'s logout`);
    }
  }
  const jar = trace.jars.find(({ name }) => name === visit.plan.browser);
  const opens = trace.tokens.find(({ value }) => value === jar?.token)?.opens;
  if (opens && !opens.isNew && opens.id === deed.id) {
    faults.push(
      `${jar?.name} still has ${opens.id} after ${visit.name}'s logout`,
    );
  }
  return faults;
}

/**
 * Whether an older cookie may have come last to a browser: by an answer that
 * had left before, or of another process, which cannot know of the newer one.
 */
function crosses(trace: Trace): boolean {
  return trace.jars.some(({ name }) => {
    const own = trace.visits.filter(({ plan }) => plan.browser === name);
    const makers = own.filter(({ deeds }) =>
      deeds.some(({ kind }) => NEW_COOKIES.test(kind))
    );
    return makers.some((maker) =>
      own.some((other) =>
        other !== maker && other.received !== undefined &&
        (other.ended ?? Infinity) > (maker.ended ?? Infinity) &&
        (other.began ?? 0) < (maker.ended ?? Infinity) &&
        ((other.left ?? 0) <= (maker.left ?? 0) ||
          other.plan.process !== maker.plan.process)
      )
    );
  });
}

/** All that is wrong with a run. */
export function judge(trace: Trace, subject: Subject): Breach[] {
  return Object.entries(rules).flatMap(([rule, look]) =>
    look(trace, subject).map((what) => ({ rule, what }))
  );
}

/** The names of all rules. */
export const ruleNames: readonly string[] = Object.keys(rules);
