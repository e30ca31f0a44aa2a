// The subjects that run in Node alone, as installed and not as one module:
// some have native parts.

import { agent } from "../agent.ts";
import { serve } from "../runtimes/node.ts";
import type { Subject } from "../subject.ts";
import * as fastify from "./fastify.ts";

const subjects: Subject[] = [fastify.bare, fastify.subject];
if (process.env["BENCH_REDIS_URL"]) {
  const express = await import("./express.ts");
  const inRedis = await Promise.all([
    import("./raw_get.ts"),
    import("./with_session_redis.ts"),
    import("./express_session.ts"),
  ]);
  subjects.push(express.bare, express.raw);
  subjects.push(...inRedis.map(({ subject }) => subject));
}
serve(agent(subjects));
