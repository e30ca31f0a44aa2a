// The tests that mutants meet: those that need nothing of a runtime, and those of
// the doors of Node.

import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { portableFolders, root } from "../../tools/paths.mjs";

/** All of them. */
export function testFiles(): string[] {
  const patterns = portableFolders.map((folder) => `${folder}/*.test.ts`);
  const doors =
    "tests/hosts/{decoded,express*,fastify*,node_*,nuxt,wrong_doors}.test.ts";
  // They need a clock of their own, as `node:test` gives one, or hooks.
  const exclude = [
    "tests/hosts/{express,fastify}_left.test.ts",
    "tests/readers/h3_flood.test.ts",
  ];
  return globSync([...patterns, doors], { cwd: root, exclude })
    .map((path) => path.replaceAll("\\", "/")).sort();
}

/** Which of them import a file of the source themselves. */
export function importersOf(
  file: string,
  files: readonly string[],
): ReadonlySet<string> {
  const isImporter = (path: string) =>
    readFileSync(join(root, path), "utf8").includes(`/${file}"`);
  return new Set(files.filter(isImporter));
}

/** Of the text of a file. */
export function hashOf(path: string): string {
  return digest(readFileSync(join(root, path), "utf8"));
}

/** Of what each test file says, and what it imports of the tests. */
export function hashesOf(files: readonly string[]): Record<string, string> {
  const known = new Map<string, { own: string; imported: string[] }>();
  const look = (path: string) => {
    const found = known.get(path);
    if (found) return found;
    const text = readFileSync(join(root, path), "utf8");
    const imported = [...text.matchAll(/from "(\.[^"]+\.ts)"/g)]
      .map(([, to = ""]) => posix.join(dirname(path), to))
      .filter((to) => /^testing[./]|^tests\//.test(to));
    const entry = { own: digest(text), imported };
    known.set(path, entry);
    return entry;
  };
  return Object.fromEntries(files.map((file) => {
    const seen = new Set<string>();
    const visit = (path: string) => {
      if (seen.has(path)) return;
      seen.add(path);
      look(path).imported.forEach(visit);
    };
    visit(file);
    const all = [...seen].sort().map((path) => look(path).own);
    return [file, digest(all.join())];
  }));
}

/** Of all that the tests run, other than themselves. */
export function hashOfLibrary(): string {
  const paths = ["*.ts", "{readers,src,stores,testing}/**/*.ts"];
  const all = globSync(paths, { cwd: root }).sort();
  return digest(all.map((path) => path + hashOf(path)).join());
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, 16);
}
