import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A new folder, which `remove` removes with all that is in it. */
export async function temporaryFolder(): Promise<
  { path: string; remove: () => Promise<void> }
> {
  const path = await mkdtemp(join(tmpdir(), "with-session-"));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** Does something with a new folder and removes it, however that ends. */
export async function withFolder(
  use: (path: string) => Promise<void>,
): Promise<void> {
  const { path, remove } = await temporaryFolder();
  try {
    await use(path);
  } finally {
    await remove();
  }
}

/** The paths of all files in a folder and the folders in it, sorted. */
export async function filesIn(folder: string): Promise<string[]> {
  const paths: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) paths.push(...await filesIn(path));
    else paths.push(path);
  }
  return paths.sort();
}
