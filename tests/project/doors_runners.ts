import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { lend } from "./doors.ts";
import { root, run } from "./process.ts";

/** Of the checkout: what the visits and the programs with types use. */
const LENT = ["express", "@types/express", "fastify", "hono", "unstorage"];
const SETTINGS = {
  moduleNameMapper: { "^cloudflare:workers$": "<rootDir>/doors_workers.cjs" },
};
const PROGRAMS: Readonly<Record<string, string>> = {
  "doors_visits.cjs": "doors_visits.cjs",
  "doors_workers.cjs": "doors_workers.cjs",
  "doors_hooks.mjs": "doors_hooks.mjs",
  "doors_program.mjs": "doors_program.mjs",
};
const SUITES: Readonly<Record<string, string>> = {
  "doors_suite.cjs": "doors.test.cjs",
  "jest_program.cjs": "options.test.cjs",
  "doors_suite.mjs": "doors.test.mjs",
  "doors_vitest.mjs": "vitest.config.mjs",
};

/** Puts the programs that visit all doors into a project. */
export async function addVisits(
  project: string,
  programs: Readonly<Record<string, string>> = PROGRAMS,
): Promise<void> {
  for (const [from, to] of Object.entries(programs)) {
    await copyFile(join(root, "tests/project", from), join(project, to));
  }
  lend(project, LENT);
}

/**
 * Makes a project with test runners and tests for them in a folder that is not
 * there yet.
 *
 * @returns Why it cannot, if npm has no network.
 */
export async function addRunners(
  project: string,
  packages: readonly string[],
): Promise<string | undefined> {
  await mkdir(project);
  await writeFile(join(project, "package.json"), '{ "private": true }');
  await writeFile(join(project, "jest.config.json"), JSON.stringify(SETTINGS));
  const npm = ["npm", "install", "--no-audit", "--no-fund", "--prefer-offline"];
  try {
    await run([...npm, ...packages], { cwd: project });
  } catch (error) {
    const isOffline = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ENETUNREACH|ETIMEDOUT/;
    if (!isOffline.test(`${error}`)) throw error;
    return `npm has no ${packages.join(", ")} for want of a network`;
  }
  await addVisits(project, { ...PROGRAMS, ...SUITES });
  return undefined;
}
