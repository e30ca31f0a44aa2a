// The programs of docs/migration.md, as files that can be loaded.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { jsr, read } from "./manifests.ts";
import { root } from "./process.ts";

export const page: string = read("docs/migration.md");

/** Programs in a folder. */
export interface Programs {
  /** Imports one by its name. */
  // deno-lint-ignore no-explicit-any
  load(name: string): Promise<any>;
  /** Removes the folder. */
  close(): void;
}

/**
 * Writes programs of the page, with the recipe for Koa, into a folder.
 *
 * @param standIns What takes the place of others, by name.
 */
export function openPrograms(
  names: readonly string[],
  standIns: Readonly<Record<string, string>> = {},
): Programs {
  const folder = mkdtempSync(join(tmpdir(), "with-session-migration-"));
  const write = (name: string, text: string) =>
    writeFileSync(join(folder, name), text);
  const modules = join(folder, "node_modules");
  symlinkSync(join(root, "node_modules"), modules, "junction");
  write("package.json", '{ "type": "module" }');
  for (const name of names) write(name, program(name));
  write("sessions.ts", program("sessions.ts", read("docs/frameworks/koa.md")));
  for (const [name, text] of Object.entries(standIns)) write(name, text);
  return {
    load: (name) => import(pathToFileURL(join(folder, name)).href),
    close: () => rmSync(folder, { recursive: true }),
  };
}

/** A program of a page, by the name in its first line. */
function program(name: string, text = page): string {
  const code = text.match(
    new RegExp("```ts ignore\\n// " + name + "\\n([\\s\\S]*?)```"),
  )?.[1];
  assert.ok(code, `The page has no ${name}`);
  return code.replace(
    /"with-session(\/[\w/-]+)?"/g,
    (_all, path = "") => {
      const file = jsr.exports[`.${path}`] ?? "";
      return JSON.stringify(pathToFileURL(join(root, file)).href);
    },
  );
}
