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
await Promise.all(
  Array.from({ length: IN_FLIGHT }, async (_, lane) => {
    // Each has its own: what comes with a `Request` that is still in flight has
    // the session of that one.
    const own = requests.filter((_, place) => place % IN_FLIGHT === lane);
    for (let turn = 0; performance.now() < end; turn++) {
      await handler(own[turn % own.length] as Request);
    }
  }),
);
