import assert from "node:assert/strict";
import { createSessions, type Session } from "../../mod.ts";
import { type Bench, type MoreOptions, setUp } from "./support.ts";

/** A new session and its surroundings. */
export interface Begun extends Bench {
  readonly session: Session;
  /** The session as the next request would open it. */
  again(): Promise<Session>;
}

export function begin(more?: MoreOptions): Begun {
  const bench = setUp(more);
  const sessions = createSessions(bench.options);
  const session = sessions.create();
  const again = async () => {
    const opened = await sessions.unseal(await sessions.seal(session));
    assert.ok(opened);
    return opened;
  };
  return { ...bench, session, again };
}
