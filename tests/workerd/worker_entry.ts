/** The Worker around one bundled test file: lists its tests and runs one. */

import { list, run } from "./test_shim.ts";

/** What a run answers. */
export interface Outcome {
  failure?: { message: string; stack: string };
}

async function runOne(index: number): Promise<Outcome> {
  try {
    await run(index);
    return {};
  } catch (error) {
    const stack = error instanceof Error ? error.stack : undefined;
    return { failure: { message: String(error), stack: stack ?? "" } };
  }
}

export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/list") return Response.json(list());
    if (pathname === "/run") {
      return Response.json(await runOne(Number(searchParams.get("test"))));
    }
    return new Response(null, { status: 404 });
  },
};
