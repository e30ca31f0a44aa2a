import type { Handler } from "../subject.ts";

interface Bun {
  serve(options: object): { port: number };
}

/** Serves a handler in Bun. */
export function serve(fetch: Handler): void {
  const { Bun } = globalThis as unknown as { Bun: Bun };
  const options = { port: 0, hostname: "127.0.0.1", idleTimeout: 0, fetch };
  console.log(`port ${Bun.serve(options).port}`);
}
