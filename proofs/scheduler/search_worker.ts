import { parentPort, workerData } from "node:worker_threads";
import { programsWith, searchProgram } from "./search.ts";
import { kinds } from "./subjects/kinds.ts";
import { loadLibrary } from "./subjects/library.ts";
import { withSessionIn } from "./subjects/with_session.ts";
import { replaceCrypto } from "./world/quiet.ts";

// A thread that searches programs, by their places in the catalogue.

interface Data {
  readonly library?: string;
  readonly word: string;
  readonly most: number;
}

const { library: checkout, word, most } = workerData as Data;
replaceCrypto();
const library = await loadLibrary(checkout);
const subject = await withSessionIn(
  library,
  await kinds["memory"]?.(library) as never,
);
const programs = programsWith(word);
parentPort?.on("message", async (place: number | undefined) => {
  const program = place === undefined ? undefined : programs[place];
  if (!program) return parentPort?.close();
  parentPort?.postMessage(await searchProgram(subject, program, { most }));
});
