import assert from "node:assert/strict";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { freePort, start } from "./process.ts";

type Ask = (headers: Record<string, string>) => Promise<{
  headers: { getSetCookie(): string[] };
  text(): Promise<string>;
}>;

/** Asks twice, the second time with the cookie of the first answer. */
export async function expectVisits(ask: Ask): Promise<void> {
  const first = await ask({});
  assert.equal((await first.text()).trim(), "Visit 1");
  const cookies = first.headers.getSetCookie();
  assert.equal(cookies.length, 1);
  const cookie = cookies[0]?.split(";")[0] ?? "";
  const second = await ask({ cookie });
  assert.equal((await second.text()).trim(), "Visit 2");
}

/** Starts a server on a free port, asks it twice and stops it. */
export async function expectVisitsFrom(
  command: (port: string) => string[],
  cwd: string,
  env: Record<string, string>,
): Promise<void> {
  const port = String(await freePort());
  const { child, output } = start(command(port), {
    cwd,
    env: { ...env, PORT: port },
  });
  const closed = once(child, "close");
  try {
    await untilListening(port, () => child.exitCode !== null, output);
    await expectVisits((headers) =>
      fetch(`http://127.0.0.1:${port}/`, { headers })
    );
  } finally {
    child.kill();
    await closed;
  }
}

/** Bundles a Worker, runs it in workerd and asks it twice. */
export async function expectVisitsInWorkerd(
  project: string,
  entryPoint: string,
  bindings: Record<string, string>,
): Promise<void> {
  const { outputFiles } = await build({
    absWorkingDir: project,
    entryPoints: [entryPoint],
    bundle: true,
    format: "esm",
    target: "esnext",
    write: false,
  });
  const contents = outputFiles[0]?.text ?? "";
  const miniflare = new Miniflare({
    cf: false,
    compatibilityDate: "2026-07-30",
    bindings,
    modules: [{ type: "ESModule", path: "app.js", contents }],
  });
  try {
    await expectVisits((headers) =>
      miniflare.dispatchFetch("http://127.0.0.1/", { headers })
    );
  } finally {
    await miniflare.dispose();
  }
}

/** Waits until a server answers on a port. */
export async function untilListening(
  port: string,
  hasEnded: () => boolean,
  output: () => string,
): Promise<void> {
  for (let attempt = 0; attempt < 300 && !hasEnded(); attempt++) {
    try {
      await fetch(`http://127.0.0.1:${port}/`, { method: "HEAD" });
      return;
    } catch {
      await setTimeout(50);
    }
  }
  assert.fail(`The server does not answer\n${output()}`);
}
