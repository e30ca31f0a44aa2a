import { programOf } from "../catalogue.ts";
import { searchProgram } from "../search.ts";
import type { Subject } from "../world/subject.ts";

// The same search in other libraries: what is known to be lost there has to be
// found, or the search is worth nothing.

const TITLES = [
  "add | add elsewhere",
  "add | logout elsewhere",
  "set | login bob elsewhere",
  "login bob | logout elsewhere",
];
const MOST = 500;

/** Searches the peers; returns in how many nothing was found. */
export async function searchPeers(): Promise<number> {
  const peers: Subject[] = [
    (await import("./hono_sessions.ts")).honoSessions,
    (await import("./hono_session.ts")).honoSession,
    (await import("./remix.ts")).remix,
    (await import("./express_session.ts")).expressSession,
  ];
  let missing = 0;
  for (const peer of peers) {
    const rules = new Set<string>();
    for (const title of TITLES) {
      const { breaches, runs } = await searchProgram(peer, programOf(title), {
        most: MOST,
      });
      for (const { rule, text } of breaches) {
        rules.add(rule);
        const [what = ""] = text.split("\n");
        console.log(`peer ${peer.name}: ${title}, ${runs} orders: ${what}`);
      }
    }
    const isFound = rules.has("what was acknowledged is there");
    if (!isFound) missing++;
    console.log(
      `peer ${peer.name}: ${rules.size} rules broken${
        isFound ? "" : ", AND NO LOST UPDATE FOUND"
      }`,
    );
  }
  return missing;
}
