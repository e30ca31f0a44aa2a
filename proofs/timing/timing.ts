// Measures how long each kind of cookie takes to be refused:
//
//   npm run prove:timing -- --rounds=10000
//
// Fails if two kinds can be told apart whose difference would help a forger.

import process from "node:process";
import { printTable } from "../../bench/common/table.ts";
import { shuffle } from "../../bench/common/shuffle.ts";
import { numberOf, readCommandLine, take } from "../common/options.ts";
import { allKinds, type Kind, PAIRS } from "./kinds.ts";
import { CERTAIN, compare, summarize } from "./statistics.ts";

const REFERENCE = "tag wrong in its first byte";
/** A sign test that leans by less finds nothing that a forger could use. */
const MOST = 0.02;

const rounds = readCommandLine(
  (args) => {
    const given = take(args, { values: ["rounds"] });
    const range = { usual: 10_000, least: 100, most: 1_000_000, isWhole: true };
    return numberOf(given, "rounds", range);
  },
  "Usage: npm run prove:timing -- [--rounds=<100 to 1000000>]",
);
const started = performance.now();
const kinds = await allKinds();
const times = await measure(kinds, rounds);
const seconds = (performance.now() - started) / 1000;
console.log(
  `${kinds.length} kinds, ${rounds} rounds, each in an order of its own, in ` +
    `one process of Node ${process.versions.node}: ${seconds.toFixed(0)} s\n`,
);
printKinds();
process.exitCode = printPairs() ? 1 : 0;
if (process.exitCode) {
  console.log(`\nAgain: npm run prove:timing -- --rounds=${rounds}`);
}

/** Asks for each kind once in each round. */
async function measure(
  kinds: readonly Kind[],
  rounds: number,
): Promise<Map<string, Float64Array>> {
  const times = new Map(
    kinds.map(({ name }) => [name, new Float64Array(rounds)]),
  );
  // Until the code is compiled, the first kinds are slower than the others.
  const warm = Math.min(2_000, rounds);
  for (let round = -warm; round < rounds; round++) {
    for (const kind of shuffle(kinds)) {
      kind.make();
      const from = performance.now();
      await kind.ask();
      const taken = (performance.now() - from) * 1000;
      const row = times.get(kind.name);
      if (round >= 0 && row) row[round] = taken;
    }
  }
  return times;
}

function timesOf(name: string): Float64Array {
  const row = times.get(name);
  if (!row) throw new Error(`There is no kind ${name}`);
  return row;
}

function printKinds(): void {
  const rows = kinds.map(({ stage, name }) => {
    const { median, from, to } = summarize(timesOf(name));
    const { share, rounds } = compare(timesOf(name), timesOf(REFERENCE));
    return [
      stage,
      name,
      median.toFixed(1),
      `${from.toFixed(1)} to ${to.toFixed(1)}`,
      `${(share * 100).toFixed(1)} %`,
      Number.isFinite(rounds) ? `${rounds}` : "-",
    ];
  });
  const reference = `than a ${REFERENCE.split(" ")[0]}`;
  printTable(
    [
      "How far it gets",
      "Kind",
      "µs",
      "95 %",
      `longer ${reference}`,
      "rounds",
    ],
    rows,
    2,
  );
}

/** @returns How many pairs can be told apart. */
function printPairs(): number {
  let broken = 0;
  console.log("\nWhat must not be told apart:\n");
  const rows = PAIRS.map(({ one, other, risk }) => {
    const { share, deviations } = compare(timesOf(one), timesOf(other));
    const isTold = deviations > CERTAIN && Math.abs(share - 0.5) > MOST;
    if (isTold) broken++;
    return [
      `${one} / ${other}`,
      isTold ? "TOLD APART" : "alike",
      risk,
      `${(share * 100).toFixed(1)} %`,
      deviations.toFixed(1),
    ];
  });
  printTable(["Pair", "", "Else", "longer", "deviations"], rows, 3);
  return broken;
}
