import type { Results } from "../common/results.ts";
import { drawCurves } from "./curves.ts";
import { inOrder, nameOf } from "./markdown.ts";
import { drawPanels, type Line, type Panel } from "./panels.ts";
import { MAIN, mainRows } from "./request_tables.ts";
import type {
  HttpRow,
  Measured,
  RequestRow,
  ScaleRow,
  WeightRow,
} from "./results.ts";

const OURS = "with-session";
/** Its data is not in the cookie: it does other work than the others. */
const IN_STORE = /\(memory\)$/;

/** The pictures that the results are enough for, by their names. */
export function drawCharts(
  { in_process, weights, http, scale }: Measured,
): Map<string, string> {
  const charts: [string, string | undefined][] = [
    ["read_write", in_process && drawRequests(in_process)],
    ["bytes", weights && drawBytes(weights)],
    ["http", http && drawHttp(http)],
    ["memory_store", scale && drawMemoryStore(scale)],
  ];
  return new Map(charts.flatMap(([name, svg]) => svg ? [[name, svg]] : []));
}

/** Reading and writing, against each peer that keeps the data in a cookie. */
function drawRequests(
  { rows, subjects }: Results<RequestRow>,
): string | undefined {
  const runtimes = inOrder(rows.map(({ runtime }) => runtime));
  const panels = runtimes.map((runtime): Panel => {
    const here = mainRows(rows, runtime).filter(({ overRaw }) => overRaw);
    const figure = (subject: string, kind: string) =>
      here.find((row) => row.subject === subject && row.kind === kind)
        ?.overRaw ?? undefined;
    const peers = subjects.filter(({ name, protects, role }) =>
      protects !== "none" && name !== OURS && role === undefined &&
      !IN_STORE.test(name)
    ).map(({ name, protects }): Line => ({
      name: protects === "signs" ? `${name} †` : name,
      isOurs: false,
      figures: [figure(name, "read-seen"), figure(name, "write-seen")],
    }));
    const ours = (name: string, sight: string): Line => ({
      name,
      isOurs: true,
      figures: [figure(OURS, `read-${sight}`), figure(OURS, `write-${sight}`)],
    });
    const known = peers.filter(({ figures }) => figures.some(Boolean))
      .sort((a, b) => middle(a) - middle(b));
    const lines = [ours(OURS, "seen"), ours("… at first sight", "first")]
      .filter(({ figures }) => figures.some(Boolean));
    return { name: nameOf(runtime), lines: [...lines, ...known] };
  }).filter(({ lines }) => lines.length > 0);
  if (panels.length === 0) return undefined;
  return drawPanels({
    title: "Time of a request over that of one bare WebCrypto call and JSON",
    description: describe(
      `Reading and writing a session of ${MAIN.bytes} bytes, ` +
        `${MAIN.inFlight} requests in flight; less is better. † signs only.`,
      panels,
      ["read", "write"],
    ),
    axis: "times raw, less is better",
    series: ["read", "write"],
    note: "† signs only: the browser can read it",
    one: 1,
    panels,
  });
}

/** Bytes in the cookie and in the program. */
function drawBytes({ rows }: Results<WeightRow>): string | undefined {
  const panelOf = (what: string, name: string, wanted: RegExp) => {
    const some = rows.filter((row) =>
      row.what === what && wanted.test(row.case ?? "") &&
      !IN_STORE.test(row.subject)
    );
    const lines = some.map((row): Line => {
      const isMore = wanted.exec(row.case ?? "")?.[1] !== undefined;
      return {
        name: isMore ? "… with all chunks" : row.subject,
        isOurs: row.subject === OURS,
        figures: [{ median: row.value, low: row.value, high: row.value }],
      };
    });
    const ours = lines.filter(({ isOurs }) => isOurs);
    const peers = lines.filter(({ isOurs }) => !isOurs)
      .sort((a, b) => middle(a) - middle(b));
    return { name, lines: [...ours, ...peers] };
  };
  const panels = [
    panelOf("cookie bytes", "Cookie for 1000 bytes", /^1000 B$/),
    panelOf(
      "bundle bytes",
      "Program, minified and compressed",
      /^min\+gzip(?:, (with .*))?$/,
    ),
  ].filter(({ lines }) => lines.length > 0);
  if (panels.length === 0) return undefined;
  return drawPanels({
    title: "Bytes of the cookie and of the program",
    description: describe("Less is better.", panels, ["bytes"]),
    axis: "bytes",
    series: ["bytes"],
    panels,
    bars: true,
    ownAxes: true,
  });
}

/** Whole servers, without sessions and with them. */
function drawHttp({ rows }: Results<HttpRow>): string | undefined {
  const series = ["bare", "untouched", "read", "write"];
  const panels = inOrder(rows.map(({ runtime }) => runtime)).map((runtime) => {
    const here = rows.filter((row) => row.runtime === runtime);
    const stores = [...new Set(here.map(({ store }) => store))];
    const lines = stores.map((store): Line => ({
      name: nameOf(store),
      isOurs: false,
      figures: series.map((name) =>
        here.find((row) => row.store === store && row.case === name)
          ?.requestsPerSecond
      ),
    }));
    return { name: nameOf(runtime), lines };
  });
  if (panels.length === 0) return undefined;
  return drawPanels({
    title: "Whole servers: requests per second",
    description: describe(
      "Servers without sessions, with one that nobody asks for, reading and " +
        "writing, by where the session is kept; more is better.",
      panels,
      series,
    ),
    axis: "requests per second",
    series,
    columns: 1,
    panels,
  });
}

/** The memory store as it grows. */
function drawMemoryStore({ rows }: Results<ScaleRow>): string | undefined {
  const memory = rows.filter(({ subject }) => subject === "memory");
  if (memory.length === 0) return undefined;
  const curves = ["get", "update", "create", "delete"].map((operation) => ({
    name: operation,
    points: memory.filter((row) => row.operation === operation)
      .map(({ size, time }) => [size, time.median] as const),
  }));
  const bytes = memory.filter(({ operation }) => operation === "fill")
    .map((row) => [row.size, (row.memory ?? 0) / 1e6] as const);
  const said = curves.map(({ name, points }) => {
    const [first, last] = [points[0], points.at(-1)];
    return `${name} ${first?.[1]} µs at ${first?.[0]}, ${last?.[1]} µs at ` +
      `${last?.[0]}`;
  });
  return drawCurves({
    title: "The memory store by the number of its sessions",
    description: `Sessions of 1000 bytes. ${said.join("; ")}.`,
    sizes: "sessions",
    plots: [
      { axis: "µs per operation", curves },
      { axis: "MB in all", curves: [{ name: "memory", points: bytes }] },
    ],
  });
}

/** The same in words, for who does not see it. */
function describe(
  intro: string,
  panels: readonly Panel[],
  series: readonly string[],
): string {
  const said = panels.map(({ name, lines }) => {
    const figures = lines.map(({ name, figures }) => {
      const each = figures.map((figure, place) =>
        `${series[place]} ${figure?.median ?? "not measured"}`
      );
      return `${name}: ${each.join(", ")}`;
    });
    return `${name}. ${figures.join("; ")}.`;
  });
  return [intro, ...said].join(" ");
}

function middle({ figures }: Line): number {
  return figures[0]?.median ?? figures[1]?.median ?? Infinity;
}
