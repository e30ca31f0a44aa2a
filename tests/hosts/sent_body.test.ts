import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import { type Handler, setUp } from "../shared/support.ts";
import { withSession } from "../../mod.ts";

// What servers say of a body is the same with a session's cookie as without: the
// type of a text, and its length.

interface Server {
  readonly port: number;
  stop(): unknown;
}

type Fetch = (request: Request) => Promise<Response>;

interface Runtimes {
  readonly Bun?: { serve(options: object): Server };
  readonly Deno?: {
    serve(options: object, handle: unknown): {
      readonly addr: { readonly port: number };
      shutdown(): Promise<void>;
    };
  };
}

const { Bun, Deno } = globalThis as Runtimes;

async function serve(fetch: Fetch): Promise<Server> {
  if (Bun) return Bun.serve({ port: 0, fetch });
  if (Deno) {
    const server = Deno.serve({ port: 0, onListen: () => {} }, fetch);
    return { port: server.addr.port, stop: () => server.shutdown() };
  }
  const { serve } = await import("@hono/node-server");
  const server = serve({ port: 0, fetch });
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  return { port, stop: () => server.close() };
}

/** The fields that tell of the body, and the body. */
async function told(handler: Handler): Promise<unknown[]> {
  const server = await serve(withSession(handler, setUp().options));
  try {
    const response = await fetch(`http://localhost:${server.port}/`);
    const { headers } = response;
    return [
      // Some put a blank there where they know the type by themselves.
      headers.get("content-type")?.replace("; ", ";"),
      headers.get("content-length"),
      headers.get("content-encoding"),
      await response.text(),
      headers.getSetCookie().length,
    ];
  } finally {
    await server.stop();
  }
}

describe("what is sent with a cookie", () => {
  const bodies: Record<string, () => Response | Promise<Response>> = {
    "a text": () => new Response("hello"),
    "a text with a type": () =>
      new Response("<p>", { headers: { "content-type": "text/html" } }),
    "bytes": () => new Response(new Uint8Array([104, 105])),
    "a form": () => new Response(new URLSearchParams({ a: "b" })),
    "JSON": () => Response.json({ a: 1 }),
    "nothing": () => new Response(null, { status: 204 }),
  };
  for (const [what, make] of Object.entries(bodies)) {
    it(`is ${what} as without one`, async () => {
      const plain = await told(async () => await make());
      const kept = await told(async (_request, session) => {
        session.set("a", 1);
        return await make();
      });
      assert.deepEqual(kept.splice(-1), [1]);
      assert.deepEqual(plain.splice(-1), [0]);
      assert.deepEqual(kept, plain);
    });
  }
});
