// Handlers that pass on what `fetch` answers: what a client gets is whole, and
// its headers are true, also where the handler has looked at its session.

import assert from "node:assert/strict";
import { build } from "esbuild";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import http, { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { after, before, describe, it } from "node:test";
import {
  brotliCompressSync,
  brotliDecompressSync,
  deflateSync,
  gunzipSync,
  gzipSync,
  inflateSync,
  zstdCompressSync,
  zstdDecompressSync,
} from "node:zlib";
import { runtimes } from "../../tools/paths.mjs";
import { root } from "./process.ts";
import { deno, serve, serveInWorkerd, type Server } from "./servers.ts";

const PLAIN = "hello ".repeat(200);
const CODED: Record<string, Buffer> = {
  gzip: gzipSync(PLAIN),
  br: brotliCompressSync(PLAIN),
  "x-gzip": gzipSync(PLAIN),
  deflate: deflateSync(PLAIN),
  "gzip,br": brotliCompressSync(gzipSync(PLAIN)),
  "gzip\t, br ": brotliCompressSync(gzipSync(PLAIN)),
  ",gzip": gzipSync(PLAIN),
  "gzip, ,": gzipSync(PLAIN),
  "gzip, identity": gzipSync(PLAIN),
  zstd: zstdCompressSync(PLAIN),
  "gzip, zstd": zstdCompressSync(gzipSync(PLAIN)),
};
const DECODERS: Record<string, (bytes: Buffer) => Buffer> = {
  gzip: gunzipSync,
  "x-gzip": gunzipSync,
  br: brotliDecompressSync,
  deflate: inflateSync,
  zstd: zstdDecompressSync,
};

/** What is passed on: a text by the coding in its path, or a part of it. */
const upstream = createServer((request, response) => {
  const coding = decodeURIComponent(request.url?.slice(1) ?? "");
  const body = CODED[coding] ?? Buffer.from(PLAIN);
  const headers: http.OutgoingHttpHeaders = { "content-type": "text/plain" };
  if (CODED[coding]) headers["content-encoding"] = coding;
  const part = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
  const sent = part ? body.subarray(+part[1]!, +part[2]! + 1) : body;
  if (part) headers["content-range"] = `${part[0]}/${body.length}`;
  response.writeHead(part ? 206 : 200, {
    ...headers,
    "content-length": sent.length,
  });
  response.end(request.method === "HEAD" ? undefined : sent);
});

const folder = mkdtempSync(join(tmpdir(), "with-session-"));
let port = 0;
before(async () => {
  await once(upstream.listen(0, "127.0.0.1"), "listening");
  port = (upstream.address() as AddressInfo).port;
});
after(() => {
  upstream.close();
  upstream.closeAllConnections();
  rmSync(folder, { recursive: true });
});

const program = (secret: string) => `
import { withSession } from "./mod.ts";
const handler = withSession((request, session) => {
  const { pathname } = new URL(request.url);
  const [, use, what] = pathname.split("/");
  if (use === "read") session.get("n");
  if (use === "write") session.update("n", (n = 0) => n + 1);
  if (what === "own") return new Response(${JSON.stringify(PLAIN)});
  const range = request.headers.get("range");
  const headers = range ? { range } : {};
  const init = { method: request.method, headers };
  return fetch("http://127.0.0.1:${port}/" + what, init);
}, ${secret});
`;

const starts: Record<string, () => Promise<Server>> = {
  Deno: () =>
    start(
      deno,
      `${program(`{ secret: Deno.env.get("SESSION_SECRET") }`)}
      Deno.serve({ hostname: "127.0.0.1", port: 0 }, (request) =>
        handler(request));`,
    ),
  Bun: () =>
    start(
      [runtimes.bun],
      `${program("{ secret: process.env.SESSION_SECRET }")}
      const { port } = Bun.serve({ hostname: "127.0.0.1", port: 0,
        fetch: (request) => handler(request) });
      console.log("http://127.0.0.1:" + port);`,
    ),
  Node: () => startNode(runtimes.node),
  "Node 22": () => startNode(runtimes.node22),
  workerd: () =>
    serveInWorkerd({
      stdin: {
        contents: `${program("(env) => ({ secret: env.SESSION_SECRET })")}
        export default { fetch: (request, env) => handler(request, env) };`,
        resolveDir: root,
      },
    }),
};

function startNode(node: string): Promise<Server> {
  return start(
    [node],
    // No more of a server than the test needs.
    `import { createServer } from "node:http";
    import { Readable } from "node:stream";
    ${program("{ secret: process.env.SESSION_SECRET }")}
    const server = createServer(async ({ url, method, headers }, out) => {
      const request = new Request("http://localhost" + url,
        { method, headers: { range: headers.range ?? "" } });
      if (!headers.range) request.headers.delete("range");
      const { status, headers: answer, body } = await handler(request);
      out.writeHead(status, Object.fromEntries(answer));
      body ? Readable.fromWeb(body).pipe(out) : out.end();
    });
    server.listen(0, "127.0.0.1", () =>
      console.log("http://127.0.0.1:" + server.address().port));`,
  );
}

async function start(command: string[], contents: string): Promise<Server> {
  const outfile = join(mkdtempSync(join(folder, "a-")), "program.mjs");
  await build({
    stdin: { contents, resolveDir: root },
    absWorkingDir: root,
    bundle: true,
    format: "esm",
    target: "esnext",
    platform: "neutral",
    external: ["node:*"],
    outfile,
  });
  return await serve([...command, outfile]);
}

/** What a client gets, decoded as the headers say. */
async function get(
  url: string,
  { method = "GET", range }: { method?: string; range?: string } = {},
): Promise<
  { status: number; text: string; headers: http.IncomingHttpHeaders }
> {
  const request = http.request(url, {
    agent: false,
    method,
    headers: { "accept-encoding": "gzip, br", ...range && { range } },
  }).end();
  const [response] = await once(request, "response");
  const { headers, statusCode } = response as http.IncomingMessage;
  const bytes = await buffer(response);
  const length = headers["content-length"];
  if (length && method !== "HEAD") assert.equal(bytes.length, Number(length));
  const codings = bytes.length && headers["content-encoding"]?.split(",") || [];
  const text = codings.reduceRight<Buffer>(
    (coded, coding) => DECODERS[coding.trim()]?.(coded) ?? coded,
    bytes,
  );
  return { status: statusCode ?? 0, text: `${text}`, headers };
}

for (const [name, open] of Object.entries(starts)) {
  describe(`Answers that are passed on, ${name}`, { timeout: 60_000 }, () => {
    let server: Server;
    before(async () => {
      server = await open();
    });
    after(() => server?.stop());

    // Bun and Node keep the coding of what they have decoded; in Bun, nothing
    // tells such an answer from one that was not.
    const uses = {
      Node: ["read", "write"],
      "Node 22": ["read", "write"],
      Bun: ["write"],
    }[name] ?? ["nothing", "read", "write"];
    for (const use of uses) {
      for (const coding of Object.keys(CODED)) {
        const what = JSON.stringify(coding);
        const path = `/${use}/${encodeURIComponent(coding)}`;
        it(`${what} arrives as it was sent: ${use}`, async () => {
          const { text } = await get(server.origin + path);
          assert.equal(text, PLAIN);
        });

        // Miniflare compresses what has a body once more, as it likes.
        if (name === "workerd") continue;
        it(`HEAD says the same of ${what} as GET: ${use}`, async () => {
          const url = server.origin + path;
          const head = await get(url, { method: "HEAD" });
          const { headers } = await get(url);
          assert.equal(
            head.headers["content-encoding"],
            headers["content-encoding"],
          );
        });
      }
    }

    for (const use of ["nothing", "read", "write"]) {
      it(`a part arrives as it was sent: ${use}`, async () => {
        const { status, text, headers } = await get(
          `${server.origin}/${use}/plain`,
          { range: "bytes=6-16" },
        );
        assert.deepEqual([status, text], [206, PLAIN.slice(6, 17)]);
        assert.match(headers["content-range"] ?? "", /\/1200$/);
      });

      it(`a text of the handler's own has its length: ${use}`, async () => {
        const url = `${server.origin}/${use}/own`;
        for (const method of ["GET", "HEAD"]) {
          const { headers, text } = await get(url, { method });
          if (method === "GET") assert.equal(text, PLAIN);
          // Node's adapter has to say it, and Miniflare compresses.
          if (/Deno|Bun/.test(name)) {
            assert.equal(headers["content-length"], "1200", method);
            assert.match(headers["content-type"] ?? "text", /^text/);
          }
        }
      });
    }
  });
}
