import { parseArgs } from "node:util";
import type { Runtime } from "../common/machine.ts";
import { CATALOG, type Listed, REFERENCES } from "./catalog.ts";
import type { Rounds } from "./harness.ts";
import type { Kind } from "./subject.ts";
import { KINDS } from "./kinds.ts";

/** What the command line asks for. */
export interface Options {
  readonly isQuick: boolean;
  readonly runtimes: readonly Runtime[];
  readonly subjects: readonly Listed[];
  readonly kinds: readonly Kind[];
  /** Nothing was left out or shortened, so it can be kept. */
  readonly isWhole: boolean;
  readonly hasWeights: boolean;
  readonly rounds: Rounds;
  readonly out: string | undefined;
}

const RUNTIMES: readonly Runtime[] = ["node", "deno", "bun", "workerd"];
const QUICK: Rounds = { rounds: 7, batch: 20 };
const FULL: Rounds = { rounds: 15, batch: 60 };

/** With these, a run is not what others are compared with. */
const PARTIAL = ["runtime", "subject", "kind", "rounds", "batch"];

const USAGE = `Usage: npm run bench [-- <option>...]

  --quick              less often and 1 KB at 64 in flight only, in 3 minutes
  --runtime=<name,..>  ${RUNTIMES.join(", ")}
  --subject=<name,..>  ${CATALOG.map(({ name }) => name).join(", ")}
  --kind=<name,..>     ${Object.keys(KINDS).join(", ")}
  --rounds=<number>    --batch=<ms>
  --no-weights         only what is timed
  --out=<file>         where the results go; the weights go beside them`;

/** Reads the command line; ends the program if it is wrong. */
export function readOptions(args: readonly string[]): Options {
  try {
    return parse(args);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exit(2);
  }
}

function parse(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      runtime: { type: "string" },
      subject: { type: "string" },
      kind: { type: "string" },
      rounds: { type: "string" },
      batch: { type: "string" },
      "no-weights": { type: "boolean", default: false },
      out: { type: "string" },
    },
  });
  const isQuick = values.quick;
  const { rounds, batch } = isQuick ? QUICK : FULL;
  const names = CATALOG.map(({ name }) => name);
  const subjects = choose("subject", values.subject, names);
  return {
    isQuick,
    runtimes: choose("runtime", values.runtime, RUNTIMES),
    subjects: CATALOG.filter(({ name }) =>
      REFERENCES.includes(name) || subjects.includes(name)
    ),
    kinds: choose("kind", values.kind, Object.keys(KINDS) as Kind[]),
    isWhole: !Object.keys(values).some((name) => PARTIAL.includes(name)) &&
      !values["no-weights"],
    hasWeights: !values["no-weights"],
    rounds: {
      rounds: positive(values.rounds, rounds),
      batch: positive(values.batch, batch),
    },
    out: values.out,
  };
}

function choose<Name extends string>(
  option: string,
  value: string | undefined,
  all: readonly Name[],
): readonly Name[] {
  if (value === undefined) return all;
  return value.split(",").map((name) => {
    if (all.includes(name as Name)) return name as Name;
    throw new Error(`Unknown ${option} "${name}"`);
  });
}

function positive(value: string | undefined, usual: number): number {
  const number = value === undefined ? usual : Number(value);
  if (number > 0) return number;
  throw new Error(`Not a positive number: ${value}`);
}
