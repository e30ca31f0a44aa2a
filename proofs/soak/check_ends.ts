// Whether what has ended stays ended, and what has not is served.

import {
  type Break,
  endsSessions,
  type History,
  movesCookie,
  type Op,
} from "./history.ts";

interface End {
  readonly op: Op;
  /** From when on nobody may be served; never, if nobody knows. */
  readonly from: number;
  /** From when on it may have ended, by any request. */
  readonly mayFrom: number;
}

/** Checks all ends, and counts them and what a cache has dropped. */
export function checkEnds(
  history: History,
): { breaks: Break[]; ends: number; dropped: number } {
  const { ops, left, drops } = history;
  const breaks: Break[] = [];
  const say = (rule: string, text: string) => breaks.push({ rule, text });
  const lives = livesOf(ops);
  const ends = endsOf(ops, lives);

  for (const op of ops) {
    if (op.outcome !== "ok" || !op.seen) continue;
    const { id, ids } = op.seen;
    const end = ends.get(id);
    if (end && op.began > end.from && op.kind !== "logout") {
      const why = `${end.op.kind} ${end.op.mark}`;
      say("undone end", `${op.kind} ${op.mark} was served ${id} after ${why}`);
    }
    if (op.burned !== undefined && op.burned === id) {
      say("old cookie", `${op.mark} opened ${id} by a cookie before a login`);
    }
    if (ids) checkList(op, ids, lives, ends, say);
  }

  const there = new Map(left.map((each) => [each.id, each]));
  let dropped = 0;
  for (const [id, life] of lives) {
    const end = ends.get(id);
    const record = there.get(id);
    // Of a session that changed hands, nobody knows whose it was then.
    const isOthers = end?.op.kind === "revokeAll" &&
      record?.user !== end.op.user;
    if (end && end.from < Infinity && record && !isOthers) {
      say("undone end", `${id} is there after ${end.op.kind} ${end.op.mark}`);
    }
    if (end || record || !life.isWritten) continue;
    if (drops) dropped++;
    else say("lost session", `${id} of ${life.browser} is not there`);
  }
  if (!drops) checkReach(ops, ends, say);
  const certain = [...ends.values()].filter(({ from }) => from < Infinity);
  return { breaks, ends: certain.length, dropped };
}

interface Life {
  readonly browser: string;
  /** Whether an acknowledged write has made it. */
  isWritten: boolean;
  readonly users: Map<string, number>;
}

/** All sessions that answers have named. */
function livesOf(ops: readonly Op[]): Map<string, Life> {
  const lives = new Map<string, Life>();
  for (const { seen, outcome, browser, ended } of ops) {
    if (outcome !== "ok" || !seen) continue;
    const life: Life = lives.get(seen.id) ??
      { browser, isWritten: false, users: new Map() };
    lives.set(seen.id, life);
    life.isWritten ||= seen.first !== undefined;
    const { user } = seen;
    if (user === undefined) continue;
    life.users.set(user, Math.min(ended, life.users.get(user) ?? Infinity));
  }
  return lives;
}

/**
 * The earliest certain end of each session, or one that nobody is sure of, and
 * when the first of them all began.
 */
function endsOf(
  ops: readonly Op[],
  lives: ReadonlyMap<string, Life>,
): Map<string, End> {
  const ends = new Map<string, End>();
  const add = (id: string, op: Op, isCertain: boolean) => {
    const from = isCertain ? op.ended : Infinity;
    const known = ends.get(id);
    const mayFrom = Math.min(op.began, known?.mayFrom ?? Infinity);
    const first = known && known.from <= from ? known : { op, from };
    ends.set(id, { ...first, mayFrom });
  };
  // A login without an answer may have been one; and one that was answered by
  // another id may have been ended meanwhile, and made again.
  const isDoubtful = ({ outcome, sent, seen }: Op) =>
    outcome !== "ok" || seen?.id !== sent;
  const doubtful = new Set(
    ops.filter((op) => op.user && movesCookie(op) && isDoubtful(op))
      .map(({ sent, user }) => `${sent} ${user}`),
  );
  for (const op of ops) {
    if (!endsSessions(op) || op.outcome === "refused") continue;
    const isOk = op.outcome === "ok";
    if (op.kind === "revokeAll") {
      for (const [id, { users }] of lives) {
        const since = users.get(op.user ?? "") ?? Infinity;
        const isTheirs = since < Infinity || doubtful.has(`${id} ${op.user}`);
        if (!isTheirs || id === op.except) continue;
        add(id, op, isOk && since < op.began && users.size === 1);
      }
    } else if (op.seen?.ended) {
      add(op.seen.ended, op, isOk);
    } else if (op.sent && (!isOk || isBehindNewId(op, ops))) {
      add(op.sent, op, false);
    }
  }
  return ends;
}

/**
 * Whether a session may have got its new cookie just before somebody ended it by
 * the one of before: that ends it, though the handler saw a new one.
 */
function isBehindNewId(op: Op, ops: readonly Op[]): boolean {
  return ops.some(({ kind, sent, began, ended }) =>
    kind === "regenerate" && sent === op.sent && began < op.ended &&
    ended > op.began - 30_000
  );
}

/** A list of a user's sessions has what is there, and not what has ended. */
function checkList(
  op: Op,
  ids: readonly string[],
  lives: ReadonlyMap<string, Life>,
  ends: ReadonlyMap<string, End>,
  say: (rule: string, text: string) => void,
): void {
  for (const id of ids) {
    const end = ends.get(id);
    if (end && op.began > end.from) {
      say("undone end", `${id} is listed after ${end.op.kind} ${end.op.mark}`);
    }
  }
  for (const [id, { users }] of lives) {
    const since = users.get(op.user ?? "") ?? Infinity;
    if (since >= op.began || users.size > 1 || ends.has(id)) continue;
    if (!ids.includes(id)) say("not listed", `${id} is not in ${op.mark}`);
  }
}

/**
 * Nobody is logged out for no reason. A browser that sends a session's cookie
 * gets another session only if the first one has ended, or if a request for
 * another cookie is on its way or had no answer.
 */
function checkReach(
  ops: readonly Op[],
  ends: ReadonlyMap<string, End>,
  say: (rule: string, text: string) => void,
): void {
  const movers = new Map<string, Op[]>();
  for (const op of ops) {
    if (!movesCookie(op) || op.isProbe) continue;
    const all = movers.get(op.browser) ?? [];
    movers.set(op.browser, all);
    all.push(op);
  }
  for (const op of ops) {
    const { sent, seen, outcome } = op;
    if (outcome !== "ok" || op.isProbe || !sent || !seen) continue;
    if (seen.id === sent || seen.ended === sent) continue;
    const end = ends.get(sent);
    if (end && end.mayFrom < op.ended) continue;
    const isMoved = movers.get(op.browser)?.some((mover) =>
      mover !== op && mover.began < op.ended &&
      (mover.outcome !== "ok" || mover.ended > op.began)
    );
    if (isMoved) continue;
    say(
      "logged out",
      `${op.kind} ${op.mark} sent ${sent}, was given ${seen.id}`,
    );
  }
}
