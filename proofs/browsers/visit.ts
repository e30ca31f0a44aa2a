import { type EngineName, ENGINES } from "./engines/engine.ts";
import type { World } from "./world.ts";

/** What is seen: in all engines the same, or in each something of its own. */
export type Expected = string | Readonly<Record<EngineName, string>>;

/** Something that a visitor does, and what it shows. */
export interface Visit {
  readonly name: string;
  /** Is also a test that runs each time. */
  readonly isQuick?: true;
  /** By what is looked at. Where engines differ, docs/security.md says so. */
  readonly expected: Readonly<Record<string, Expected>>;
  run(world: World): Promise<Record<string, string>>;
}

/** What one engine is expected to show. */
export function expectedOf(
  { expected }: Visit,
  engine: EngineName,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(expected).map(([what, value]) => [
      what,
      typeof value === "string" ? value : value[engine],
    ]),
  );
}

/** What engines do not agree on, as rows of a table. */
export function differences(visits: readonly Visit[]): string[][] {
  const rows: string[][] = [];
  for (const { name, expected } of visits) {
    for (const [what, value] of Object.entries(expected)) {
      if (typeof value === "string") continue;
      rows.push([`${name}: ${what}`, ...ENGINES.map((each) => value[each])]);
    }
  }
  return rows;
}
