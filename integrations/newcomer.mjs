// What somebody does who has the address of the README and an empty folder, with
// a clock running: the commands and programs that it shows, until a visitor has
// signed in. Two things are not as there: the package is the one of this
// checkout, and the port is one that is free.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { install } from "../tools/install.mjs";
import { root } from "../tools/paths.mjs";
import {
  check,
  env,
  freePort,
  packInto,
  startServer,
  temporaryFolder,
} from "./programs.mjs";

/** How long it may take, in seconds. */
const MOST = 5 * 60;

const readme = readFileSync(join(root, "README.md"), "utf8");
const start = blocksOf("Start");
const [signIn] = blocksOf("Sign in, sign out").map(({ text }) => text);
const [onAll, onWorkers, inHono] = start
  .filter(({ language }) => language === "ts").map(({ text }) => text);
const [shell, workersShell] = start
  .filter(({ language }) => language === "sh").map(({ text }) => text);

/** By platform: the commands, and the programs one after the other. */
const ways = {
  deno: {
    commands: commandsOf("Deno"),
    files: [["main.ts", onAll], ["main.ts", signIn]],
  },
  bun: {
    commands: commandsOf("Bun"),
    files: [["main.ts", onAll], ["main.ts", signIn]],
  },
  node: {
    commands: commandsOf("Node"),
    files: [["main.ts", onAll], ["main.ts", signIn]],
  },
  workers: {
    commands: linesOf(workersShell),
    files: [["worker.ts", onWorkers], ["worker.ts", forWorkers(signIn)]],
  },
  hono: {
    commands: commandsOf("Node").map((line) =>
      line.replace("install with-session", "install with-session hono")
    ),
    files: [["main.ts", inHono], ["main.ts", forHono(inHono)]],
  },
};

const names = wanted(process.argv.slice(2));
install();
const temporary = temporaryFolder();
const tarball = packInto(temporary);
const secret = crypto.randomUUID() + crypto.randomUUID();
const { Browser } = await import("../testing/browser.ts");

let failures = 0;
for (const name of names) {
  const began = performance.now();
  try {
    const steps = await walk(name);
    const seconds = (performance.now() - began) / 1000;
    if (seconds > MOST) throw new Error(`It took ${seconds.toFixed(0)} s`);
    console.log(`${name}: signed in after ${seconds.toFixed(1)} s (${steps})`);
  } catch (error) {
    failures++;
    console.log(`${name}: FAILED  ${error.message}`);
  }
}
process.exit(failures ? 1 : 0);

async function walk(name) {
  const { commands, files: [counter, signIn] } = ways[name];
  const folder = join(temporary, name);
  mkdirSync(folder);
  const given = { ...env, SESSION_SECRET: secret };
  const times = [];
  const timed = async (what, act) => {
    const began = performance.now();
    await act();
    times.push(`${what} ${((performance.now() - began) / 1000).toFixed(1)} s`);
  };
  const serve = commands.at(-1);
  await timed("install", () => {
    for (const line of commands.slice(0, -1)) add(folder, line);
  });
  const visit = async ([file, text], look) => {
    writeFileSync(join(folder, file), text);
    const port = await freePort();
    const command = serve.replace("8000", `${port}`);
    const server = await startServer(command, {
      cwd: folder,
      port,
      env: given,
    });
    try {
      const origin = server.base;
      const open = (request) => fetch(request, { redirect: "manual" });
      await look(new Browser(open, { origin }));
    } catch (error) {
      throw new Error(`${error.message}\n${server.output()}`);
    } finally {
      await server.stop();
    }
  };
  await timed("two visits", () => visit(counter, count));
  await timed("sign in and out", () => visit(signIn, signInAndOut));
  return times.join(", ");
}

async function count(browser) {
  for (const n of [1, 2]) expect(await textOf(browser.get("/")), `Visit ${n}`);
}

async function signInAndOut(browser) {
  const form = new URLSearchParams({ name: "ada" });
  const signedIn = await textOf(browser.post("/sign-in", { body: form }));
  expect(signedIn, '{"user":"ada","notices":["Welcome back"]}');
  expect(await textOf(browser.get("/")), '{"user":"ada","notices":[]}');
  const signedOut = await textOf(browser.post("/sign-out"));
  expect(signedOut, '{"user":null,"notices":["You have signed out"]}');
}

async function textOf(answer) {
  return (await (await answer).text()).trim();
}

function expect(seen, wanted) {
  if (seen !== wanted) throw new Error(`Saw ${seen} in the place of ${wanted}`);
}

/** Runs a command of the README. What JSR has is not there before it is out. */
function add(folder, line) {
  if (!line.startsWith("deno add")) {
    const command = line.replace(/(?<= )with-session(?= |$)/, tarball);
    return check("sh", ["-c", command], folder);
  }
  const { exports } = JSON.parse(readFileSync(join(root, "deno.json"), "utf8"));
  const imports = Object.entries(exports).map(([path, file]) => [
    `with-session${path.slice(1)}`,
    new URL(file, new URL("../", import.meta.url)).href,
  ]);
  const config = { imports: Object.fromEntries(imports) };
  writeFileSync(join(folder, "deno.json"), JSON.stringify(config));
}

/** The fenced blocks of a part of the README, up to its first part within. */
function blocksOf(title) {
  const [, after = ""] = readme.split(`\n## ${title}\n`);
  const [part] = after.split(/\n###? /);
  return [...part.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
    .map(([, language, text]) => ({ language, text }));
}

/** The commands below a comment that names a runtime. */
function commandsOf(runtime) {
  const [, part = ""] = shell.split(new RegExp(`^# ${runtime} .*\n`, "m"));
  return linesOf(part.split("\n#")[0]);
}

function linesOf(text) {
  return text.replaceAll("\\\n", " ").split("\n").filter(Boolean);
}

/** There, the options are a function of the environment. */
function forWorkers(text) {
  const options = "{ secret: process.env.SESSION_SECRET, csrf: true }";
  const [before, after] = text.split(options);
  const env = "(env: { SESSION_SECRET: string })";
  const made = `${env} => ({ secret: env.SESSION_SECRET, csrf: true })`;
  return before + made + after;
}

/** The same routes in Hono, by what the README has of it. */
function forHono(text) {
  const [head] = text.split("app.get(");
  return `${head.replace("{ visits: number }", "{ cart: string[] }")}
app.post("/sign-in", async (c) => {
  const { session } = c.var;
  session.login(String((await c.req.formData()).get("name")));
  session.flash("notice", "Welcome back");
  return c.redirect("/", 303);
});
app.post("/sign-out", (c) => {
  const { session } = c.var;
  session.reset();
  session.flash("notice", "You have signed out");
  return c.redirect("/", 303);
});
app.get("/", (c) => {
  const { session } = c.var;
  const notices = session.flashes("notice");
  return c.json({ user: session.userId ?? null, notices });
});

export default app;
`;
}

function wanted(args) {
  const all = Object.keys(ways);
  const given = args.flatMap((arg) => {
    const value = /^--only=(.+)$/.exec(arg)?.[1];
    return value === undefined ? [arg] : value.split(",");
  });
  const unknown = given.find((name) => !all.includes(name));
  if (unknown === undefined) return given.length > 0 ? given : all;
  console.error(
    `Unknown: ${unknown}\n\nUsage: npm run test:newcomer -- ` +
      `[--only=<name>[,<name>]]\nPlatforms: ${all.join(", ")}`,
  );
  process.exit(2);
}
