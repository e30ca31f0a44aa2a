import type { Results } from "../common/results.ts";
import { isLimited } from "../http/generator.ts";
import { exact, inOrder, nameOf, spread, table } from "./markdown.ts";
import type { HttpRow, Measured, ScaleRow } from "./results.ts";
import { short } from "../common/short.ts";

const COMMANDS: Readonly<Record<keyof Measured, string>> = {
  in_process: "npm run bench",
  weights: "npm run bench",
  http: "npm run bench:http",
  http_peers: "npm run bench:http",
  scale: "npm run bench:scale",
  profile: "npm run bench:profile",
};

/** Where, when and by what each file was measured. */
export function placeList(measured: Measured): string {
  const lines = Object.entries(measured).map(([name, results]) => {
    const { machine, runtimes, date, quick } = results;
    const versions = inOrder(Object.keys(runtimes))
      .map((runtime) => `${nameOf(runtime)} ${runtimes[runtime]}`);
    return `- \`${name}.json\` (\`${COMMANDS[name as keyof Measured]}\`), ` +
      `${date}: ${machine.cpu}, ${machine.cores} cores, ${machine.memory}, ` +
      `${machine.system}; ${versions.join(", ")}.` +
      (quick ? " **A quick run: only to try the page.**" : "");
  });
  return lines.join("\n");
}

/** What was compared, and in which version. */
export function subjectTable(
  { subjects }: Pick<Results<unknown>, "subjects">,
): string {
  return table(
    ["", "Version", "Protects by", "How it was set"],
    subjects.map(({ name, version, protects, note }) => [
      name,
      version,
      { encrypts: "encryption", signs: "a signature", none: "–" }[protects],
      note,
    ]),
    4,
  );
}

/** Whole servers. */
export function httpTable({ rows }: Results<HttpRow>): string {
  const lines = rows.map((row) => [
    nameOf(row.runtime),
    nameOf(row.store),
    row.case,
    (isLimited(row) ? "\\* " : "") + spread(row.requestsPerSecond),
    row.case === "bare" ? "" : spread(row.overBare),
    short(row.latency.p50),
    short(row.latency.p99),
    row.cpu === null ? "–" : short(row.cpu),
    row.case === "bare" ? "" : spread(row.cpuOverBare),
  ]);
  const head = [
    ...["", "", "", "Requests per second", "Time × `bare`"],
    ...["p50, ms", "p99, ms", "CPU, µs", "CPU × `bare`"],
  ];
  const note = rows.some(isLimited)
    ? "\n\n\\* The load generator was the limit, not the server: the server can " +
      "do more, and what the others take of its CPU time says how they compare."
    : "";
  return table(head, lines, 3) + note;
}

/** The stores, or what reads cookies, as they grow. */
export function scaleTable(
  { rows, notes = [] }: Results<ScaleRow>,
  subjects: readonly ScaleRow["subject"][],
): string {
  const some = rows.filter(({ subject }) => subjects.includes(subject));
  const hasPauses = some.some(({ worst }) => worst !== undefined);
  const hasMemory = some.some(({ memory }) => memory !== undefined);
  const head = ["", "Size", "Operation", "µs"];
  if (hasPauses) head.push("Longest, ms");
  if (hasMemory) head.push("MB");
  const lines = some.map((
    { subject, size, operation, time, worst, memory },
  ) => [
    nameOf(subject),
    exact(size),
    operation,
    spread(time),
    ...hasPauses ? [worst === undefined ? "" : short(worst / 1000)] : [],
    ...hasMemory ? [memory === undefined ? "" : short(memory / 1e6)] : [],
  ]);
  const said = notes.filter((note) =>
    subjects.some((subject) => note.startsWith(subject))
  ).map((note) => `\n\nLeft out: ${note}.`);
  return table(head, lines, 3) + said.join("");
}
