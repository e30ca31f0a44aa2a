import { paint, type Terminal, type Tone } from "../common/terminal.ts";
import { count, printable, table } from "../common/text.ts";
import { distance, instant } from "../common/time.ts";
import type { CookieReport, CookieStatus } from "./judge.ts";

const TONES: Readonly<Record<CookieStatus, Tone>> = {
  good: "good",
  ended: "bad",
  future: "bad",
  replaced: "bad",
  refused: "bad",
  removed: "note",
  unopened: "note",
};

/** Says in words what a cookie is worth, and what is in it. */
export function describeCookie(
  report: CookieReport,
  terminal: Terminal,
): string {
  const { name, status, says, advice } = report;
  const now = Math.floor(terminal.now() / 1000);
  const title = paint(terminal, TONES[status], status);
  const rows: (readonly [string, string])[] = [["Finding", says]];
  if (advice) rows.push(["To do", advice]);
  rows.push(...timesOf(report, now), ...placeOf(report), ...contentsOf(report));
  return `${
    paint(terminal, "strong", printable(name ?? "cookie"))
  } ${title}\n` +
    table(rows.map(([key, text]) => [key, printable(text)]), terminal.columns);
}

type Rows = (readonly [string, string])[];

function timesOf(
  { ending, createdAt = 0, sealedAt = 0 }: CookieReport,
  now: number,
): Rows {
  if (!ending) return [];
  const at = (ms: number) =>
    `${instant(ms / 1000)}, ${distance(ms / 1000, now)}`;
  return [
    [
      ending.isOver ? "Ended" : "Ends",
      `${at(ending.at)}, by ${ending.says}`,
    ],
    ["Began", `${at(createdAt)} (its start, or its last login)`],
    ["Made", `${at(sealedAt)} (this cookie)`],
  ];
}

function placeOf(
  {
    keyId,
    variable,
    isStale,
    length,
    parts,
    isCompressed,
    id,
    reference,
    record,
    contents,
  }: CookieReport,
): Rows {
  const rows: Rows = [];
  if (id) {
    rows.push(["Id", `${id}, the public one: as in events, lists and logs`]);
  }
  if (keyId !== undefined && variable) {
    rows.push([
      "Secret",
      `${variable}, key ${keyId}` +
      (isStale
        ? ", not the newest: it is sealed anew with the next write"
        : ""),
    ]);
  }
  rows.push([
    "Size",
    `${count(length, "character")} in ${count(parts, "cookie")}` +
    (isCompressed ? ", compressed" : ""),
  ]);
  if (!reference) return rows;
  const { generation, revision } = reference;
  rows.push([
    "Store",
    `The data is in a store, and the cookie refers to it by generation ${generation}` +
    (revision === undefined ? "" : ` and revision ${revision}`) +
    (contents && !record ? ", and carries the last write" : "") +
    (record ? "" : ": give --store FILE to read it"),
  ]);
  if (record) {
    const { status, says, revision } = record;
    rows.push([
      "Record",
      `${revision === undefined ? status : `revision ${revision}`}: ${says}`,
    ]);
  }
  return rows;
}

function contentsOf(
  { contents, text, isUnknown, ending }: CookieReport,
): Rows {
  if (!ending) return [];
  if (text !== undefined) return [["Text", text]];
  if (isUnknown) {
    const says =
      "It is no JSON: the program has a codec. --reveal shows the text";
    return [["Data", says]];
  }
  if (!contents) return [];
  const { data = {}, user, label, persist, notices, own, hidden } = contents;
  const rows: Rows = [["User", user ?? "nobody is signed in"]];
  if (label) rows.push(["Device", label]);
  if (persist !== undefined) {
    rows.push([
      "Persist",
      typeof persist === "number"
        ? `outlives the browser, for ${persist} s unused`
        : persist
        ? "outlives the browser"
        : "ends with the browser",
    ]);
  }
  for (const [key, number] of Object.entries(notices)) {
    rows.push(["Notices", `${number} under ${key}`]);
  }
  if (own.length) rows.push(["Keeps", own.join("; ")]);
  const entries = Object.entries(data);
  if (!entries.length) rows.push(["Data", "none"]);
  for (const [i, [key, value]] of entries.entries()) {
    rows.push([i ? "" : "Data", `${key}: ${JSON.stringify(value)}`]);
  }
  if (hidden.length) {
    rows.push(["Hidden", `${hidden.join(", ")}: --reveal shows such values`]);
  }
  return rows;
}
