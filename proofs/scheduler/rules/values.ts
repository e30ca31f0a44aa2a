import { ownerOf, type Visit } from "../world/visit.ts";
import { crosses } from "./excuses.ts";
import {
  deedsOf,
  doneAt,
  looksOf,
  marksIn,
  NEW_COOKIES,
  type Rule,
} from "./reading.ts";

/** What may take a value away that another request has written. */
const WIPES = /^(clear|remove|login|destroy|reset|revoke)/;

/** What is in a session. */
export const values: Readonly<Record<string, Rule>> = {
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
