import { build } from "esbuild";
import { builtinModules } from "node:module";
import { inProcess } from "../../common/folders.ts";
import type { Runtime } from "../../common/machine.ts";

const CONDITIONS: Readonly<Record<Runtime, string[]>> = {
  node: ["node"],
  deno: ["deno", "node"],
  bun: ["bun", "node"],
  workerd: ["workerd", "worker"],
};

/** Modules of Node that some packages name without `node:`. */
const alias = Object.fromEntries(
  builtinModules.filter((name) => /^[a-z]/.test(name) && !name.includes(":"))
    .map((name) => [name, `node:${name}`]),
);

/** Writes a program, with all that it imports, as one module. */
export async function bundle(
  program: string,
  runtime: Runtime,
  outfile: string,
): Promise<void> {
  const { warnings } = await build({
    stdin: { contents: program, resolveDir: inProcess, loader: "ts" },
    outfile,
    alias,
    absWorkingDir: inProcess,
    bundle: true,
    format: "esm",
    target: "esnext",
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: [...CONDITIONS[runtime], "production"],
    define: { "process.env.NODE_ENV": '"production"' },
    external: ["node:*", "cloudflare:*"],
    logLevel: "error",
  });
  for (const { text } of warnings) console.error(`esbuild: ${text}`);
}

/** The program that serves subjects to the harness. */
export function agentProgram(
  subjects: readonly string[],
  runtime: Runtime,
): string {
  const imports = subjects
    .map((path, index) =>
      `import { subject as s${index} } from ${JSON.stringify(`./${path}`)};`
    );
  const list = subjects.map((_path, index) => `s${index}`).join();
  const start = runtime === "workerd"
    ? "export default { fetch: handler };"
    : "serve(handler);";
  const serve = runtime === "workerd"
    ? ""
    : `import { serve } from "./runtimes/${runtime}.ts";`;
  return `${serve}
    import { agent } from "./agent.ts";
    ${imports.join("\n")}
    const handler = agent([${list}]);
    ${start}`;
}
