import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { Judgement, Results } from "../../bench/common/results.ts";
import { docs, readCharts, report, results } from "../../bench/report/files.ts";
import { makeReport } from "../../bench/report/make.ts";
import type {
  HttpRow,
  Measured,
  PeerRow,
  RequestRow,
  ScaleRow,
  WeightRow,
} from "../../bench/report/results.ts";

const path = join(docs, "performance.md");
const page = readFileSync(path, "utf8");
const command = "npm run bench:report writes it again";

describe("report", () => {
  const committed = report(results);

  it("docs/performance.md is what the results give", () => {
    assert.equal(page, committed.page, command);
  });

  it("the pictures beside it are what the results give", () => {
    assert.deepEqual(readCharts(docs), sorted(committed.charts), command);
  });

  it("results are of whole runs, under their own names", () => {
    for (const [name, results] of Object.entries(committed.measured)) {
      assert.equal(results.quick, false, `${name} is of a quick run`);
      assert.equal(results.bench, name);
    }
  });

  it("what was not measured is said to be missing", () => {
    const { page: empty, charts } = makeReport(page, {});
    const places = page.match(/<!-- figures: /g)?.length;
    assert.equal(empty.match(/_Not measured yet\._/g)?.length, places);
    assert.equal(charts.size, 0);
  });

  it("each measured figure is in the page and in a picture", () => {
    const { page: full, charts } = makeReport(page, sample);
    const shown: Record<string, string> = {
      read_write: "3.88",
      bytes: "1432",
      http: "71.2k",
      memory_store: "8.642 µs",
    };
    for (const [name, figure] of Object.entries(shown)) {
      assert.ok(charts.get(name)?.includes(figure), `${figure} in ${name}.svg`);
    }
    for (const figure of ["0.21 (0.19–0.24)", "3.88", "1 432", "8.64"]) {
      assert.ok(full.includes(figure), `${figure} in the page`);
    }
    assert.doesNotMatch(full, /undefined|NaN|Infinity|\[object/);
  });

  it("goals stand beside what was found, by runtime", () => {
    const { page: full } = makeReport(page, sample);
    for (
      const line of [
        "Reached: 4 of 6, each runtime counted by itself.",
        "| Goal | At | Node | Deno | Bun |",
        "| read | ≤ 0.25× Node, Deno; ≤ 0.4× Bun " +
        "| 0.21× reached | 0.31× **missed** | 0.35× reached |",
        "| calls | ≤ 1 | 1 reached | – | 1 reached |",
        "| core | ≤ 6000 | 7000 **missed** |",
      ]
    ) {
      assert.ok(full.includes(`${line}\n`), line);
    }
  });

  it("what a package takes to import stands by runtime", () => {
    const { page: full } = makeReport(page, sample);
    assert.match(full, /\| \*\*import ms\*\* \| Node \|/);
    assert.match(full, /\| slow \| 7\.25 \|/);
  });

  it("a generator at its limit and what was left out are told", () => {
    const { page: full } = makeReport(page, sample);
    assert.match(full, /\\\* 71\.2k/);
    assert.match(full, /The load generator was the limit/);
    assert.match(full, /Left out: sqlite stops at 1000 records/);
    assert.match(full, /A quick run/);
  });

  it("each pair with a peer has its table, and says what was busy", () => {
    const { page: full } = makeReport(page, sample);
    for (
      const line of [
        "**Express on Node, Redis, beside theirs + store**",
        "| untouched | no session | 10k (9000–11k) |  |  | 65 |  |",
        "| untouched | with-session, `lazy` | \\* 9780 (8802–10.8k) " +
        "| 0.978 (0.880–1.076) | 1.5 (1.35–1.65) | 66 | 1.4 (1.26–1.54) |",
        "| read | the peer | 4000 (3600–4400) | 0.4 (0.36–0.44) |  | 200 |  |",
        "Other programs took 5 % of all cores meanwhile.",
      ]
    ) {
      assert.ok(full.includes(`${line}\n`), line);
    }
    assert.match(full, /compare the CPU time there/);
  });

  it("pictures have a title, a description and a dark look, and load nothing", () => {
    const { charts } = makeReport(page, sample);
    assert.deepEqual([...charts.keys()].sort(), [
      "bytes",
      "http",
      "memory_store",
      "read_write",
    ]);
    for (const [name, svg] of charts) {
      assert.match(svg, /<title id="title">[^<]+<\/title>/, name);
      assert.match(svg, /<desc id="description">[^<]{20,}<\/desc>/, name);
      assert.match(svg, /prefers-color-scheme: dark/, name);
      assert.match(svg, /<text /, name);
      assert.doesNotMatch(svg, /undefined|NaN|Infinity/, name);
      assert.doesNotMatch(
        svg.replace("http://www.w3.org", ""),
        /:\/\/|@import/,
      );
    }
  });

  it("a wide range has a logarithmic axis that says so", () => {
    const { charts } = makeReport(page, sample);
    const svg = charts.get("read_write") ?? "";
    assert.match(svg, /times raw, less is better \(logarithmic axis\)/);
  });
});

function sorted(charts: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...charts].sort(([a], [b]) => a < b ? -1 : 1));
}

function around(median: number) {
  return { median, low: median * 0.9, high: median * 1.1 };
}

function resultsOf<Row>(bench: string, rows: Row[]): Results<Row> {
  return {
    bench,
    date: "2030-01-01",
    quick: true,
    machine: { cpu: "A & B <C>", cores: 2, memory: "4 GB", system: "Linux 6" },
    runtimes: { node: "26.0.0" },
    subjects: [
      { name: "with-session", version: "1", protects: "encrypts", note: "" },
      { name: "a & b", version: "2", protects: "signs", note: "a | b" },
      { name: "slow", version: "3", protects: "encrypts", note: "" },
    ],
    rows,
    notes: ["sqlite stops at 1000 records: 10000 would take long"],
  };
}

function request(
  subject: string,
  kind: RequestRow["kind"],
  over: number,
): RequestRow {
  return {
    ...{ runtime: "node", subject, kind, bytes: 1000, inFlight: 64 },
    ...{ group: "fetch", time: around(over * 20), cpu: 1 },
    ...{ overRaw: around(over), overBare: null },
  };
}

function goal(
  what: string,
  runtime: string | undefined,
  goal: string,
  found: string,
  isReached: boolean,
): Judgement {
  return { what, ...runtime && { runtime }, goal, found, isReached };
}

function server(name: HttpRow["case"], speed: number): HttpRow {
  return {
    ...{ runtime: "node", store: "sealed", case: name, cpu: null },
    ...{ requestsPerSecond: around(speed), overBare: around(1.5) },
    ...{ latency: { p50: 1, p99: 2 }, cpuOverBare: null },
    generatorBusy: name === "bare" ? 0.95 : 0.5,
  };
}

function pair(
  side: PeerRow["side"],
  name: PeerRow["case"],
  speed: number,
  cpu: number,
): PeerRow {
  return {
    ...{ pair: "theirs", runtime: "node", framework: "express" },
    ...{ store: "redis", peer: "theirs + store", side, case: name },
    ...{ requestsPerSecond: around(speed), overBare: around(speed / 10_000) },
    ...{ overPeer: around(1.5), peerCpuOver: around(1.4), cpu },
    generatorBusy: side === "lazy" ? 0.95 : 0.5,
  };
}

function grown(size: number, operation: string, time: number): ScaleRow {
  return {
    subject: "memory",
    size,
    operation,
    time: around(time),
    memory: 5e6,
  };
}

const sample: Measured = {
  in_process: {
    ...resultsOf("in_process", [
      request("with-session", "read-seen", 0.2137),
      request("with-session", "write-seen", 0.7),
      request("a & b", "read-seen", 3.877),
      request("slow", "read-seen", 100),
      request("slow", "write-seen", 120),
    ]),
    judged: [
      goal("read", "node", "≤ 0.25×", "0.21×", true),
      goal("read", "deno", "≤ 0.25×", "0.31×", false),
      goal("read", "bun", "≤ 0.4×", "0.35×", true),
      goal("calls", "node bun", "≤ 1", "1", true),
      goal("core", undefined, "≤ 6000", "7000", false),
    ],
  },
  weights: resultsOf<WeightRow>("weights", [
    { what: "cookie bytes", subject: "slow", case: "1000 B", value: 1432 },
    { what: "bundle bytes", subject: "slow", case: "min+gzip", value: 6000 },
    { what: "import ms", subject: "slow", runtime: "node", value: 7.25 },
  ]),
  http: resultsOf("http", [server("bare", 71_234), server("read", 30_000)]),
  http_peers: {
    ...resultsOf("http_peers", [
      pair("bare", "untouched", 10_000, 65),
      pair("lazy", "untouched", 9_780, 66),
      pair("peer", "read", 4_000, 200),
    ]),
    notes: ["Other programs took 5 % of all cores meanwhile"],
  },
  scale: resultsOf("scale", [
    ...["fill", "get", "update", "create", "delete"].flatMap((operation) => [
      grown(1_000, operation, 1),
      grown(1_000_000, operation, 8.642),
    ]),
    { subject: "sqlite", size: 1_000, operation: "get", time: around(3) },
  ]),
  profile: resultsOf("profile", [
    { runtime: "node", kind: "read-seen", part: "WebCrypto", share: 0.4321 },
  ]),
};
