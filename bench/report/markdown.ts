import type { Quartiles } from "../common/quartiles.ts";
import { short } from "../common/short.ts";

const NAMES: Readonly<Record<string, string>> = {
  node: "Node",
  deno: "Deno",
  bun: "Bun",
  workerd: "workerd",
  sqlite: "SQLite",
  redis: "Redis",
};

/** How a runtime or a store is called in a text. */
export function nameOf(name: string): string {
  return NAMES[name] ?? name;
}

/** Each once, runtimes as they are always named. */
export function inOrder(names: readonly string[]): string[] {
  const usual = Object.keys(NAMES);
  return [...new Set(names)]
    .sort((a, b) => usual.indexOf(a) - usual.indexOf(b));
}

/** A table; all columns but the first to the right, or as said. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  texts = 1,
): string {
  const rules = head.map((_, column) => column < texts ? "---" : "--:");
  return [head, rules, ...rows]
    .map((cells) => `| ${cells.map(cell).join(" | ")} |`)
    .join("\n");
}

/** A median with its quartiles. */
export function spread(figure: Quartiles | null | undefined): string {
  if (!figure) return "–";
  const { median, low, high } = figure;
  const [middle, from, to] = [short(median), short(low), short(high)];
  return from === to ? middle : `${middle} (${from}–${to})`;
}

/** All digits of what was counted, a few of what was not. */
export function exact(value: number): string {
  if (!Number.isInteger(value)) return short(value);
  return `${value}`.replace(/\B(?=(\d{3})+$)/g, " ");
}

function cell(content: string): string {
  return content.replaceAll("|", "\\|");
}
