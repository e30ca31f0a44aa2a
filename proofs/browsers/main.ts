// The visits in each engine, and what was seen. See run.mjs.

import process from "node:process";
import { parseArgs } from "node:util";
import { type EngineName, ENGINES, find } from "./engines/engine.ts";
import { engines, visits } from "./suite.ts";
import { differences, expectedOf, type Visit } from "./visit.ts";
import { World } from "./world.ts";

const { values } = parseArgs({
  options: {
    browser: { type: "string", multiple: true, default: [...ENGINES] },
    visit: { type: "string", default: "" },
    quick: { type: "boolean", default: false },
    table: { type: "boolean", default: false },
  },
});

const names = values.browser.map((name): EngineName => {
  if (ENGINES.includes(name as EngineName)) return name as EngineName;
  throw new RangeError(`--browser is one of ${ENGINES.join(", ")}`);
});
const chosen = visits.filter(({ name, isQuick }) =>
  name.toLowerCase().includes(values.visit.toLowerCase()) &&
  !(values.quick && !isQuick)
);
if (!chosen.length) throw new RangeError("No visit has --visit in its name");

/** How many rows were as expected; the others are printed. */
async function make(
  visit: Visit,
  world: World,
): Promise<{ good: number; bad: number }> {
  const { name } = world.engine;
  const expected = expectedOf(visit, name);
  let seen: Record<string, string> = {};
  try {
    seen = await visit.run(world);
  } catch (error) {
    console.log(`${name}: ${visit.name}:`, error);
  } finally {
    await world.end();
  }
  const wrong = Object.keys({ ...expected, ...seen })
    .filter((what) => seen[what] !== expected[what]);
  for (const what of wrong) {
    console.log(
      `${name}: ${visit.name}: ${what}\n` +
        `  expected ${expected[what]}\n  seen     ${seen[what]}`,
    );
  }
  if (wrong.length) {
    console.log(
      `  again: node proofs/browsers/run.mjs --browser=${name} ` +
        `--visit="${visit.name}"`,
    );
  }
  return {
    good: Object.keys(expected).length - wrong.length,
    bad: wrong.length,
  };
}

if (values.table) {
  for (const row of differences(visits)) console.log(`| ${row.join(" | ")} |`);
} else {
  for (const name of names) {
    const { programs, launch } = engines[name];
    const { missing } = find(programs);
    if (missing) {
      console.log(`${name}: ${missing}`);
      process.exitCode = 1;
      continue;
    }
    const begun = performance.now();
    const total = { good: 0, bad: 0 };
    const engine = await launch();
    const stop = () => void engine.close().finally(() => process.exit(1));
    process.once("SIGINT", stop).once("SIGTERM", stop);
    try {
      for (const visit of chosen) {
        const { good, bad } = await make(visit, new World(engine));
        total.good += good;
        total.bad += bad;
      }
    } finally {
      await engine.close();
      process.off("SIGINT", stop).off("SIGTERM", stop);
    }
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    console.log(
      `${name} ${engine.version}: ${chosen.length} visits, ` +
        `${total.good} as expected, ${total.bad} not, ${seconds} s`,
    );
    if (total.bad) process.exitCode = 1;
  }
}
