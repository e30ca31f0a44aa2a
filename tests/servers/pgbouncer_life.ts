import { createSessions, type SessionError } from "../../mod.ts";
import { type PostgresClient, PostgresStore } from "../../stores/postgres.ts";
import { markedSecret } from "../shared/support.ts";

let tables = 0;

/**
 * Sessions that begin, change and end, twenty at a time.
 *
 * @returns What the store said of each that failed.
 */
export async function live(client: PostgresClient): Promise<Set<string>> {
  const table = `pooled_${process.pid}_${tables++}`;
  const store = new PostgresStore(client, { table });
  const failures = new Set<string>();
  const note = ({ cause, message }: SessionError) => {
    failures.add(cause instanceof Error ? cause.message : message);
  };
  await store.createSchema().catch(note);
  const sessions = createSessions({ secret: markedSecret(), store });
  for (let round = 0; round < 10; round++) {
    await Promise.all(Array.from({ length: 20 }, async (_, number) => {
      const session = sessions.create();
      session.login(`user ${number}`);
      try {
        await session.save();
        session.set("n", 1);
        await session.save();
        session.destroy();
        await session.save();
      } catch (error) {
        note(error as SessionError);
      }
    }));
  }
  return failures;
}
