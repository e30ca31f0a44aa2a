// Serves requests of one kind for some seconds, to be looked at by a profiler.

import process from "node:process";
import { dataOf } from "../in_process/data.ts";
import { KINDS, makeSecrets, prepare, requestOf } from "../in_process/kinds.ts";
import type { Kind } from "../in_process/subject.ts";
import { subject } from "../in_process/subjects/with_session.ts";

const IN_FLIGHT = 64;
const [kind = "", seconds = "1"] = process.argv.slice(2);
if (!Object.hasOwn(KINDS, kind)) throw new Error(`No kind ${kind}`);
const { handler, jars } = await prepare(
  subject,
  kind as Kind,
  dataOf(1000),
  makeSecrets(),
);
const requests = jars.map((jar) => requestOf(kind as Kind, jar));
const end = performance.now() + Number(seconds) * 1000;
let turn = 0;
await Promise.all(
  Array.from({ length: IN_FLIGHT }, async () => {
    while (performance.now() < end) {
      await handler(requests[turn++ % requests.length] as Request);
    }
  }),
);
