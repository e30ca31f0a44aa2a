import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Handler } from "../subject.ts";

/** Serves a handler in Node. */
export function serve(handler: Handler): void {
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const response = await handler(
      new Request(`http://127.0.0.1${incoming.url}`, {
        method: "POST",
        body: Buffer.concat(chunks).toString(),
      }),
    );
    outgoing.end(await response.text());
  });
  server.listen(0, "127.0.0.1", () => {
    console.log(`port ${(server.address() as AddressInfo).port}`);
  });
}
