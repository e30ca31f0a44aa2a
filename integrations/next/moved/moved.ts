// A program on iron-session is built and started, and then, on the same port,
// the program of this framework, which takes its sessions over. A browser stays
// open meanwhile.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { follow, inChromium, shows, signOut } from "../../browser.ts";
import type { Parts } from "../../visit.ts";

const here = join(import.meta.dirname, "..");
const before = join(here, "moved/before");
const after = join(here, "moved/after");
const env = {
  ...process.env,
  NODE_ENV: "production" as const,
  SESSION_SECRET: crypto.randomUUID() + crypto.randomUUID(),
  IRON_PASSWORD: crypto.randomUUID() + crypto.randomUUID(),
};

export const movedParts: Parts = {
  "in Chromium, who has signed in by iron-session stays signed in": () =>
    inChromium(async (jar) => {
      makeAfter();
      try {
        await next("build", before);
        await next("build", after);
        const port = await freePort();
        const base = `http://localhost:${port}`;
        const namesOf = async () =>
          (await jar.cookies()).map(({ name }) => name);
        const page = await jar.newPage();
        await serve(before, port, async () => {
          await page.goto(base);
          await page.fill("#sign-in input[name=name]", "Ada");
          await page.click("#sign-in button");
          await shows(page, /By iron-session, Ada/);
          assert.deepEqual(await namesOf(), ["my-app"]);
        });
        await serve(after, port, async () => {
          await page.reload();
          await shows(page, /Visit 42, signed in as Ada/);
          assert.deepEqual(await namesOf(), ["__Host-sid"]);
          await follow(page, "Account", /Account of Ada/);
          await follow(page, "Home", /signed in as Ada/);
          await page.reload();
          await shows(page, /signed in as Ada/);
          await signOut(page);
          assert.equal((await namesOf()).includes("my-app"), false);
        });
      } finally {
        rmSync(after, { recursive: true });
      }
    }),
};

/** The program of this framework, with one option more. */
function makeAfter(): void {
  cpSync(before, after, {
    recursive: true,
    filter: (path) => !/[\\/](src|\.next)$/.test(path),
  });
  cpSync(join(here, "src"), join(after, "src"), { recursive: true });
  const file = join(after, "src/session.ts");
  const text = readFileSync(file, "utf8");
  const moved = text.replace(
    "  csrf: true,\n",
    `  csrf: true,
  accept: [ironSession<{ user?: string }>({
    password: process.env.IRON_PASSWORD,
    cookie: { name: "my-app" },
    until: "2100-01-01",
    map: ({ user, ...data }) => ({ user, data }),
  })],
`,
  );
  assert.notEqual(moved, text);
  const from = "with-session/readers/iron-session";
  writeFileSync(file, `import { ironSession } from "${from}";\n${moved}`);
}

/** Runs a command of Next, and gives its process. */
function begin(...args: string[]) {
  const command = join(here, "node_modules/next/dist/bin/next");
  return spawn(process.execPath, [command, ...args], {
    cwd: here,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function next(...args: string[]): Promise<void> {
  const child = begin(...args);
  let output = "";
  child.stdout.on("data", (chunk) => output += chunk);
  child.stderr.on("data", (chunk) => output += chunk);
  const [code] = await once(child, "close");
  assert.equal(code, 0, output);
}

/** Serves a program for as long as something runs. */
async function serve(
  folder: string,
  port: number,
  run: () => Promise<void>,
): Promise<void> {
  const child = begin("start", folder, "--port", `${port}`);
  child.stdout.resume();
  child.stderr.resume();
  const closed = once(child, "close");
  try {
    for (let attempt = 0; attempt < 300; attempt++) {
      const answer = await fetch(`http://localhost:${port}/`).catch(() => null);
      await answer?.body?.cancel();
      if (answer?.ok) break;
      await setTimeout(100);
    }
    await run();
  } finally {
    child.kill();
    await closed;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "localhost");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
