import { readdirSync } from "node:fs";
import { join, posix, resolve } from "node:path";
import { runtimes } from "../../tools/paths.mjs";
import { read } from "./manifests.ts";
import { root, run, secret } from "./process.ts";

/** A request, by what it asks of the library. */
export interface Asking {
  readonly does: "nothing" | "read" | "write";
  /** The visitor has a cookie already. */
  readonly isKnown?: boolean;
  /** The option that a program has chosen besides. */
  readonly option?: "store" | "schema" | "revocations" | "csrf" | undefined;
}

/** What a process has loaded of the library, by path. */
export interface Loaded {
  readonly start: readonly string[];
  readonly request: readonly string[];
}

interface Printed extends Loaded {
  readonly cookie: string;
  readonly records: unknown;
}

/** By option: what a visitor and a store have after a login. */
const knowns = new Map<string | undefined, Promise<Printed>>();

/**
 * Answers the first request of a new process, and says which files that has
 * loaded, in order of their names.
 *
 * @param folder Where `mod` is: the checkout, or `dist` in the package.
 */
export async function loadedBy(
  folder: string,
  asking: Asking,
): Promise<Loaded> {
  const { isKnown, option } = asking;
  if (!isKnown) return await send(folder, asking);
  const known = knowns.get(option) ?? send(root, { does: "write", option });
  knowns.set(option, known);
  const { cookie, records } = await known;
  return await send(folder, { ...asking, cookie, records });
}

async function send(
  folder: string,
  asking: Partial<Asking & Printed>,
): Promise<Printed> {
  const mod = readdirSync(folder).find((name) => /^mod\.(ts|js)$/.test(name));
  const program = join(root, "tests/project/loading_program.mjs");
  const asked = JSON.stringify({ ...asking, mod: resolve(folder, mod ?? "") });
  const output = await run([runtimes.node, program, asked], { env: secret });
  return JSON.parse(output.trim().split("\n").at(-1) as string);
}

/** The requests of the table in decision 017. */
export const REQUESTS: Readonly<Record<string, Asking>> = {
  "has no cookie, and reads": { does: "read" },
  "has a cookie": { does: "read", isKnown: true },
  "has no cookie, and writes": { does: "write" },
  "has a cookie, and writes": { does: "write", isKnown: true },
  "has a cookie, with `schema`": {
    does: "read",
    isKnown: true,
    option: "schema",
  },
  "has a cookie, with `revocations`": {
    does: "read",
    isKnown: true,
    option: "revocations",
  },
  "has a cookie, with `store`": {
    does: "read",
    isKnown: true,
    option: "store",
  },
  "writes, with `store`": { does: "write", option: "store" },
  "reads, with `csrf`": { does: "read", option: "csrf" },
};

const [parts = [], requests = []] = read(
  "docs/decisions/017-loaded-when-asked-for.md",
).split(/\n\n/)
  .filter((block) => block.startsWith("|"))
  .map((block) =>
    block.split("\n").slice(2).map((line) =>
      line.split("|").slice(1, -1).map((cell) => cell.trim())
    )
  );
/** The paths of the modules that are loaded on demand. */
export const partPaths: readonly string[] = parts.map(([path = ""]) =>
  path.replaceAll("`", "")
);

/** The names that a cell of a table has as code. */
function namesIn(cell = ""): string[] {
  return [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name as string)
    .sort();
}

/** The names of files, without folder and extension. */
export function namesOf(paths: readonly string[]): string[] {
  return paths.map((path) => posix.parse(path).name).sort();
}

/** What a request loads, by the table in decision 017. */
export interface Row {
  readonly request: string;
  readonly parts: readonly string[];
  readonly chunks: readonly string[];
}

export const rows: readonly Row[] = requests.map(
  ([request = "", parts, chunks]) => ({
    request,
    parts: namesIn(parts),
    chunks: namesIn(chunks),
  }),
);
