import { globSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { npm } from "./manifests.ts";
import { run } from "./process.ts";

/** The package as npm would publish it, and a project that has installed it. */
export interface Packed extends AsyncDisposable {
  tarball: string;
  /** The files in the tarball, by their path in the package. */
  files: string[];
  /** Where it is installed, in the project. */
  installed: string;
  project: string;
}

/**
 * Builds and packs the package and installs it in an empty project.
 *
 * @param manifest What the project's package.json says.
 */
export async function pack(
  manifest: object = { type: "module" },
): Promise<Packed> {
  const project = await mkdtemp(join(tmpdir(), "with-session-package-"));
  const dispose = () => rm(project, { recursive: true });
  try {
    return {
      ...await packInto(project, manifest),
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function packInto(
  project: string,
  manifest: object,
): Promise<Omit<Packed, typeof Symbol.asyncDispose>> {
  await run(["npm", "pack", "--pack-destination", project]);
  const tarball = join(project, `${npm.name}-${npm.version}.tgz`);
  await writeFile(
    join(project, "package.json"),
    JSON.stringify({ name: "project", private: true, ...manifest }),
  );
  // Offline: the package has no dependency that npm would have to fetch.
  await run(["npm", "install", "--offline", tarball], { cwd: project });
  const installed = join(project, "node_modules", npm.name);
  const files = globSync("**", { cwd: installed, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(installed, join(parentPath, name)))
    .map((path) => path.replaceAll(sep, "/"));
  return { tarball, files: files.sort(), installed, project };
}
