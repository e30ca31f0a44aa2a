/** Runs the examples that have a folder, as the files in it say. */

import assert from "node:assert/strict";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runtimes } from "../../tools/paths.mjs";
import { root, secret } from "./process.ts";
import { serve, type Server } from "./servers.ts";

/** What is read of a `wrangler.jsonc`; nothing else may be in it. */
interface WranglerConfig {
  name: string;
  main: string;
  compatibility_date: string;
  kv_namespaces?: { binding: string; id: string }[];
  durable_objects?: { bindings: { name: string; class_name: string }[] };
  migrations?: { tag: string; new_sqlite_classes: string[] }[];
  d1_databases?: {
    binding: string;
    database_name: string;
    database_id: string;
    migrations_dir: string;
  }[];
  triggers?: { crons: string[] };
}

const MEMBERS = [
  "name",
  "main",
  "compatibility_date",
  "kv_namespaces",
  "durable_objects",
  "migrations",
  "d1_databases",
  "triggers",
];

/** How a Worker is run. */
export interface WorkerOptions {
  /** Whether the code that is in comments counts as well. */
  withComments?: boolean;
}

/** A Worker that runs. */
export interface RunningWorker {
  readonly miniflare: Miniflare;
  readonly config: WranglerConfig;
  readonly origin: string;
}

/** Runs the Worker of a folder with the bindings of its `wrangler.jsonc`. */
export async function runWorker(
  folder: string,
  { withComments = false }: WorkerOptions = {},
): Promise<RunningWorker> {
  const read = (path: string) => {
    const text = readFileSync(join(root, folder, path), "utf8");
    return withComments ? uncomment(text) : text;
  };
  const config: WranglerConfig = parseJsonc(read("wrangler.jsonc"));
  const unknown = Object.keys(config).filter((key) => !MEMBERS.includes(key));
  assert.deepEqual(unknown, []);
  const code = await bundle(join(folder, config.main), read(config.main));
  const classes = config.migrations?.flatMap(
    ({ new_sqlite_classes }) => new_sqlite_classes,
  );
  const objects = config.durable_objects?.bindings ?? [];
  const miniflare = new Miniflare({
    cf: false,
    host: "127.0.0.1",
    port: 0,
    name: config.name,
    compatibilityDate: config.compatibility_date,
    bindings: secret,
    modules: [{ type: "ESModule", path: "worker.js", contents: code }],
    kvNamespaces: Object.fromEntries(
      (config.kv_namespaces ?? []).map(({ binding, id }) => [binding, id]),
    ),
    d1Databases: Object.fromEntries(
      (config.d1_databases ?? []).map((each) => [
        each.binding,
        each.database_id,
      ]),
    ),
    durableObjects: Object.fromEntries(
      objects.map(({ name, class_name: className }) => [
        name,
        { className, useSQLite: classes?.includes(className) ?? false },
      ]),
    ),
  });
  try {
    const { origin } = await miniflare.ready;
    return { miniflare, config, origin };
  } catch (error) {
    await miniflare.dispose();
    throw error;
  }
}

/** Runs a folder's task "start" on the sources, with its `deno.json`. */
export function runDeno(
  folder: string,
  env: Record<string, string>,
): Promise<Server> {
  const path = join(root, folder, "deno.json");
  const { tasks } = JSON.parse(readFileSync(path, "utf8"));
  const [deno, run, ...rest] = tasks.start.split(" ");
  const main = rest.pop();
  assert.deepEqual([deno, run], ["deno", "run"]);
  const sources = ["--no-prompt", "--import-map=deno.json"];
  const command = [runtimes.deno, run, ...sources, ...rest];
  return serve([...command, join(folder, main)], {
    ...secret,
    ...env,
    DENO_SERVE_ADDRESS: "tcp:127.0.0.1:0",
  });
}

async function bundle(path: string, contents: string): Promise<string> {
  const { outputFiles: [output], warnings } = await build({
    absWorkingDir: root,
    // esbuild finds the sources by the paths in tsconfig.json.
    stdin: {
      contents,
      loader: "ts",
      sourcefile: path,
      resolveDir: join(root, path, ".."),
    },
    external: ["cloudflare:*"],
    bundle: true,
    format: "esm",
    target: "esnext",
    conditions: ["workerd", "worker"],
    logLevel: "silent",
    write: false,
  });
  assert.deepEqual(warnings, []);
  assert.ok(output);
  return output.text;
}

/** JSON with comments, and commas before a closing bracket. */
function parseJsonc(text: string): WranglerConfig {
  const string = /("(?:\\.|[^"\\])*")/.source;
  const without = (what: RegExp, from: string) =>
    from.replace(new RegExp(`${string}|${what.source}`, "g"), "$1");
  const plain = without(/\/\/.*|\/\*[^]*?\*\//, text);
  return JSON.parse(without(/,(?=\s*[\]}])/, plain));
}

/** Lines of code in comments, as code. */
function uncomment(text: string): string {
  return text.replace(/^( *)\/\/ (?=import |export |"|\w+: \w+[;( ])/gm, "$1");
}

/** A browser, as far as the examples know: it keeps a cookie. */
export class Browser {
  /** What it sends as `Cookie`; `""` is none. */
  cookie: string;
  readonly #origin: string;
  readonly #agent: string;

  constructor(
    origin: string,
    { cookie = "", agent = "Test" }: { cookie?: string; agent?: string } = {},
  ) {
    this.cookie = cookie;
    this.#origin = origin;
    this.#agent = agent;
  }

  /** Asks for a page. */
  async get(path = "/"): Promise<string> {
    return (await (await this.#ask(path)).text()).trim();
  }

  /** Asks for a page, and gives the status of the answer. */
  async getStatus(path = "/"): Promise<number> {
    const response = await this.#ask(path);
    await response.text();
    return response.status;
  }

  /** Sends a form, and gives the status of the answer. */
  async post(
    path: string,
    form: Record<string, string> = {},
    headers: Record<string, string> = {},
  ): Promise<number> {
    const body = new URLSearchParams(form);
    const response = await this.#ask(path, { method: "POST", body, headers });
    await response.text();
    return response.status;
  }

  async #ask(path: string, init: RequestInit = {}): Promise<Response> {
    const response = await fetch(this.#origin + path, {
      ...init,
      redirect: "manual",
      headers: {
        "user-agent": this.#agent,
        ...this.cookie && { cookie: this.cookie },
        ...init.headers as Record<string, string>,
      },
    });
    for (const line of response.headers.getSetCookie()) {
      this.cookie = /^sid-\d+=;/.test(line) ? "" : line.split(";")[0] ?? "";
    }
    return response;
  }
}
