// Installs, builds and starts the programs of this folder, one after the other,
// and makes the visit to each.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { install } from "../tools/install.mjs";
import { root, runtimes } from "../tools/paths.mjs";

const isWindows = process.platform === "win32";
const here = join(root, "integrations");
const all = readdirSync(here)
  .filter((name) => existsSync(join(here, name, "package.json")));
const names = wanted(process.argv.slice(2));

install();
const env = {
  ...process.env,
  NO_COLOR: "1",
  // These programs are nobody's.
  ASTRO_TELEMETRY_DISABLED: "1",
  NEXT_TELEMETRY_DISABLED: "1",
  NUXT_TELEMETRY_DISABLED: "1",
  WRANGLER_SEND_METRICS: "false",
  // It would ask Cloudflare where this machine is.
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  // What npm starts is to run in the Node of the tests, and Deno and Bun in
  // theirs.
  PATH: [
    dirname(runtimes.node),
    process.env.PATH,
    join(root, "node_modules/.bin"),
  ].join(delimiter),
};
const temporary = mkdtempSync(join(tmpdir(), "with-session-frameworks-"));
// Also where an installation that fails ends the process.
process.on("exit", () => rmSync(temporary, { recursive: true }));
const tarball = pack();
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

/** The package as npm would publish it. */
function pack() {
  npm(root, ["pack", "--pack-destination", temporary]);
  const [file] = readdirSync(temporary);
  return join(temporary, file);
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

/** Starts a program on a free port, and waits until it answers. */
async function start(folder) {
  const port = await freePort();
  const child = spawn("npm", ["start"], {
    cwd: folder,
    env: {
      ...env,
      NODE_ENV: "production",
      HOST: "localhost",
      PORT: String(port),
      SESSION_SECRET: crypto.randomUUID() + crypto.randomUUID(),
    },
    stdio: ["ignore", "pipe", "pipe"],
    // npm starts a shell, which starts the server: all of them have to go.
    detached: !isWindows,
    shell: isWindows,
  });
  const closed = once(child, "close");
  let output = "";
  child.stdout.on("data", (chunk) => output += chunk);
  child.stderr.on("data", (chunk) => output += chunk);
  const stop = async () => {
    if (child.exitCode === null) {
      if (isWindows) spawnSync("taskkill", ["/pid", child.pid, "/t", "/f"]);
      else process.kill(-child.pid);
    }
    await closed;
  };
  const base = `http://localhost:${port}`;
  for (let attempt = 0; attempt < 300; attempt++) {
    if (child.exitCode !== null) break;
    try {
      await fetch(`${base}/robots.txt`);
      return { base, stop, output: () => output };
    } catch {
      await setTimeout(100);
    }
  }
  await stop();
  throw new Error(`The server does not answer\n${output}`);
}

async function freePort() {
  const server = createServer().listen(0, "localhost");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

function npm(folder, args) {
  check("npm", ["--loglevel=error", ...args], folder, isWindows);
}

function check(command, args, cwd, shell = false) {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    env,
    shell,
    encoding: "utf8",
  });
  if (status === 0) return;
  throw new Error(`${command} ${args.join(" ")}\n${stdout}${stderr}`);
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
