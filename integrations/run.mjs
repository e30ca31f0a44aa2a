// Installs, builds and starts the programs of this folder, one after the other,
// and makes the visit to each.

import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { install } from "../tools/install.mjs";
import { root } from "../tools/paths.mjs";
import {
  check,
  env,
  freePort,
  npm,
  packInto,
  startServer,
  temporaryFolder,
} from "./programs.mjs";

const here = join(root, "integrations");
const all = readdirSync(here)
  .filter((name) => existsSync(join(here, name, "package.json")));
const names = wanted(process.argv.slice(2));

install();
// Also where an installation that fails ends the process.
const tarball = packInto(temporaryFolder());
let failures = 0;
for (const name of names) {
  try {
    await run(name);
  } catch (error) {
    failures++;
    console.log(`  FAILED  ${error.message}`);
  }
}
const { closeBrowser } = await import("./browser.ts");
await closeBrowser();
process.exit(failures ? 1 : 0);

async function run(name) {
  const folder = join(here, name);
  console.log(`${name}: ${versionsOf(folder)}`);
  const times = [];
  const timed = async (what, act) => {
    const start = performance.now();
    const result = await act();
    const seconds = (performance.now() - start) / 1000;
    times.push(`${what} ${seconds.toFixed(1)} s`);
    return result;
  };
  await timed("install", () => {
    install(folder);
    putPackage(folder);
  });
  const { scripts } = manifestOf(folder);
  if (scripts.test) {
    // It tests itself: there is nothing to visit.
    // Playwright asks nobody else where the browser of the system is.
    const { programs } = await import("../proofs/browsers/engines/chromium.ts");
    const browser = programs.places.chromium.find((path) =>
      path !== undefined && existsSync(path)
    );
    if (browser) env.CHROMIUM = browser;
    await timed("test", () => npm(folder, ["test"]));
    console.log(`  passed; ${times.join(", ")}`);
    return;
  }
  await timed("build", () => npm(folder, ["run", "build"]));
  const server = await start(folder);
  try {
    const { visit } = await import("./visit.ts");
    const own = join(folder, "visit.ts");
    const parts = existsSync(own) ? await import(pathToFileURL(own).href) : {};
    const visits = () => visit(server.base, parts);
    const { passed, failed, skipped } = await timed("visit", visits);
    failures += failed;
    if (failed) console.log(server.output().split("\n").slice(-40).join("\n"));
    const counts = `${passed} passed, ${failed} failed, ${skipped} skipped`;
    console.log(`  ${counts}; ${times.join(", ")}`);
  } finally {
    await server.stop();
  }
}

/**
 * Unpacks the package where npm would, which has neither dependencies nor
 * scripts to care for. A lock file cannot name it, as each build has another
 * hash.
 */
function putPackage(folder) {
  const target = join(folder, "node_modules/with-session");
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  check("tar", ["-xzf", tarball, "-C", target, "--strip-components=1"], root);
}

/** Starts a program on a free port, as in production. */
async function start(folder) {
  const port = await freePort();
  return await startServer("npm start", {
    cwd: folder,
    port,
    env: {
      ...env,
      NODE_ENV: "production",
      HOST: "localhost",
      PORT: String(port),
      SESSION_SECRET: crypto.randomUUID() + crypto.randomUUID(),
    },
  });
}

/** What the program depends on, as it is locked. */
function versionsOf(folder) {
  const { dependencies, devDependencies } = manifestOf(folder);
  return Object.entries(dependencies ?? devDependencies)
    .map(([name, version]) => `${name} ${version}`)
    .join(", ");
}

function manifestOf(folder) {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

function wanted(args) {
  const names = args.flatMap((arg) => {
    const value = /^--only=(.+)$/.exec(arg)?.[1];
    if (value === undefined) refuse(`Unknown option ${arg}`);
    return value.split(",");
  });
  for (const name of names) {
    if (!all.includes(name)) refuse(`Unknown framework "${name}"`);
  }
  return names.length > 0 ? [...new Set(names)] : all;
}

function refuse(problem) {
  console.error(
    `${problem}\n\nUsage: npm run test:frameworks -- [--only=<name>[,<name>]]\n` +
      `Frameworks: ${all.join(", ")}`,
  );
  process.exit(2);
}
