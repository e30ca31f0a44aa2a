import { join } from "node:path";
import { close, createIndex } from "pagefind";

/** Writes the files by which a page finds others, without a server. */
export async function indexPages(folder: string): Promise<void> {
  const { index, errors } = await createIndex({ forceLanguage: "en" });
  if (!index) throw new Error(errors.join("\n"));
  await index.addDirectory({ path: folder });
  await index.writeFiles({ outputPath: join(folder, "pagefind") });
  await close();
}
