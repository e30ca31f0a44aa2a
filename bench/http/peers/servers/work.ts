import type { Session } from "../../../../mod.ts";
import { data } from "../../data.ts";

/** Begins a session of ours with all data. */
export function begin(session: Session): number {
  session.set("text", data.text);
  session.set("visits", data.visits);
  return JSON.stringify(session).length;
}

/** Counts up in a session of ours. */
export function count(session: Session): number {
  return session.update("visits", (n: number = 0) => n + 1);
}

/** What a peer's session has of the data, in bytes of JSON. */
export function sizeOf({ text, visits }: Partial<typeof data>): number {
  return JSON.stringify({ text, visits }).length;
}
