import { drawCharts } from "./charts.ts";
import { goalTables } from "./goal_tables.ts";
import { peerTables } from "./peer_tables.ts";
import { profileTable } from "./profile_table.ts";
import {
  httpTable,
  placeList,
  scaleTable,
  subjectTable,
} from "./other_tables.ts";
import { weightTables } from "./weight_tables.ts";
import { kindTable, requestTables } from "./request_tables.ts";
import type { Measured } from "./results.ts";

/** A page, and the pictures it shows, by their names. */
export interface Report {
  readonly page: string;
  readonly charts: ReadonlyMap<string, string>;
}

const MISSING = "_Not measured yet._";

/** Fills the generated parts of a page in, and draws its pictures. */
export function makeReport(page: string, measured: Measured): Report {
  const charts = drawCharts(measured);
  const parts = partsOf(measured, charts);
  const seen = new Set<string>();
  const filled = page.replace(
    /(<!-- figures: ([\w-]+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_whole, start: string, name: string, end: string) => {
      if (!Object.hasOwn(parts, name)) throw new Error(`No figures ${name}`);
      seen.add(name);
      return `${start}\n${parts[name] || MISSING}\n\n${end}`;
    },
  );
  for (const name of Object.keys(parts)) {
    if (!seen.has(name)) throw new Error(`The page has no place for ${name}`);
  }
  return { page: filled, charts };
}

function partsOf(
  measured: Measured,
  charts: ReadonlyMap<string, string>,
): Record<string, string | undefined> {
  const { in_process, weights, http, http_peers, scale, profile } = measured;
  const image = (name: string, says: string) =>
    charts.has(name) ? `![${says}](./performance/${name}.svg)\n\n` : "";
  return {
    places: placeList(measured),
    goals: goalTables(measured),
    profile: profile && profileTable(profile),
    requests: in_process &&
      image("read_write", "Reading and writing, against each peer") +
        requestTables(in_process),
    kinds: in_process && kindTable(in_process),
    subjects: in_process && subjectTable(in_process),
    weights: weights &&
      image("bytes", "Bytes of the cookie and of the program") +
        weightTables(weights),
    http: http &&
      image("http", "Whole servers, bare and with sessions") +
        httpTable(http),
    "http-subjects": http && subjectTable(http),
    "http-peers": http_peers && peerTables(http_peers),
    "http-peers-subjects": http_peers && subjectTable(http_peers),
    memory: scale &&
      image("memory_store", "The memory store as it grows") +
        scaleTable(scale, ["memory"]),
    stores: scale && scaleTable(scale, ["sqlite", "redis"]),
    cookies: scale && scaleTable(scale, ["rotation", "writers"]),
  };
}
