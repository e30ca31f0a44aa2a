import type { BrowserPlan, Scenario } from "./scenario.ts";
import type { Seen, Visit } from "./visit.ts";

/** What a browser of a run has. */
export interface Jar {
  readonly name: string;
  readonly plan: BrowserPlan;
  token: string | undefined;
  /** The session that it began with, if it had one. */
  first?: Seen | undefined;
}

/** Where a cookie came from. */
export interface Token {
  readonly value: string;
  /** When a browser got it; 0 before the requests. */
  readonly since: number;
  readonly from: string;
  /** What it opens when all is over. */
  opens?: Seen | undefined;
}

/** All that happened in one run. */
export interface Trace {
  readonly scenario: Scenario;
  readonly path: string[];
  readonly visits: Visit[];
  readonly jars: Jar[];
  readonly tokens: Token[];
  readonly events: string[];
  readonly faults: string[];
  /** Records that no cookie opens, if the back end can say it. */
  orphans: number | undefined;
  /** What can be said of the run itself: that it hangs, say. */
  readonly problems: string[];
}
