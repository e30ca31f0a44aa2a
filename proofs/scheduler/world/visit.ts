import type { RequestPlan } from "./scenario.ts";
import { actors, nextName, type Scheduler, writes } from "./scheduler.ts";
import type { Facade, Running } from "./subject.ts";

/** What a handler has seen when it began. */
export interface Seen {
  readonly id: string;
  readonly isNew: boolean;
  readonly user: string | undefined;
  readonly values: Readonly<Record<string, unknown>>;
}

/** Something that a handler did. */
export interface Deed {
  readonly kind: string;
  /** The user of `login`, `revokeAll` ... */
  readonly of: string | undefined;
  /** What can be found of it in the session. */
  readonly mark: string | undefined;
  /** The session's name, and its user, just before. */
  readonly id: string;
  readonly user: string | undefined;
  readonly began: number;
  /** When the handler was told that it is done: `save()`, `revokeAll()`. */
  done?: number | undefined;
  /** What the call said: whether `revoke()` has found a session. */
  answer?: unknown;
  /** What the handler has read. */
  readonly read?: readonly unknown[] | undefined;
}

/** What became of a request. */
export interface Visit {
  readonly name: string;
  readonly plan: RequestPlan;
  /** The token that it brought. */
  sent?: string | undefined;
  began?: number;
  /** The clock on the wall then. */
  beganAt?: number;
  /** When its answer left the server; it may come to the browser later. */
  left?: number;
  ended?: number;
  endedAt?: number;
  outcome?: "answered" | "failed" | "crashed";
  error?: { readonly code?: string; readonly message?: string };
  seen?: Seen;
  readonly deeds: Deed[];
  /** The token that the answer has set; "" if it has removed it. */
  received?: string | undefined;
}

/** The mark of a value says who has written it. */
export function markOf(user: string | undefined, name: string): string {
  return `${user ?? ""}|${name}`;
}

export function ownerOf(mark: string): string {
  return mark.slice(0, mark.indexOf("|"));
}

export function see(session: Facade): Seen {
  const { id, isNew, user } = session;
  return { id, isNew, user, values: session.values() };
}

/** Does what is planned for a request. */
export async function perform(
  visit: Visit,
  session: Facade,
  running: Running,
  scheduler: Scheduler,
  now: () => number,
): Promise<void> {
  visit.seen = see(session);
  const { deeds, plan } = visit;
  for (const [place, op] of plan.ops.entries()) {
    const [kind = "", of] = op.split(" ");
    const mark = markOf(session.user, `${visit.name}.${place}`);
    const deed: Deed = {
      kind,
      of,
      mark: /^(add|set|flash)$/.test(kind) ? mark : undefined,
      id: session.id,
      user: session.user,
      began: now(),
      read: kind === "flashes" ? session.flashes?.("f") : undefined,
    };
    if (kind === "pause") {
      const actor = actors.getStore();
      if (!actor) continue;
      await scheduler.hold({
        name: nextName(actor, "goes on"),
        process: actor.process,
        touches: [writes(`process ${actor.process}`)],
      });
      continue;
    }
    deeds.push(deed);
    deed.answer = await act(session, running, kind, of, mark);
    if (/^(save|reload|revoke)/.test(kind)) deed.done = now();
  }
}

async function act(
  session: Facade,
  running: Running,
  kind: string,
  of = "",
  mark = "",
): Promise<unknown> {
  switch (kind) {
    case "read":
    case "flashes":
      return;
    case "add":
      return session.update(
        "marks",
        (marks) => [...marks as string[] | undefined ?? [], mark],
      );
    case "set":
      return session.set(`k${mark}`, mark);
    case "remove":
      return session.remove("marks");
    case "clear":
      return session.clear();
    case "flash":
      return session.flash?.("f", mark);
    case "login":
      return await session.login(of);
    case "regenerate":
      return await session.regenerate();
    case "destroy":
      return await session.destroy();
    case "reset":
      return await session.reset?.();
    case "save":
      return await session.save?.();
    case "reload":
      return await session.reload?.();
    case "later":
      return void session.save?.();
    case "revokeAll":
      return await running.revokeAll?.(of);
    case "revokeOthers":
      return await running.revokeAll?.(of, session);
    case "revoke":
      return await running.revoke?.(of, session.id);
    case "throw":
      throw new Error("The handler fails");
    default:
      throw new Error(`Nobody knows how to ${kind}`);
  }
}
