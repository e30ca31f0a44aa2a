import type { Handler } from "../subject.ts";

interface Deno {
  serve(options: object, handler: Handler): void;
}

/** Serves a handler in Deno. */
export function serve(handler: Handler): void {
  const { Deno } = globalThis as unknown as { Deno: Deno };
  const onListen = ({ port }: { port: number }) => console.log(`port ${port}`);
  Deno.serve({ port: 0, hostname: "127.0.0.1", onListen }, handler);
}
