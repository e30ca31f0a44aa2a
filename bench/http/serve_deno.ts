import process from "node:process";
import { type Fetch, makeApp } from "./app.ts";
import { settings } from "./settings.ts";

// Not for a compiler that has no types for it.
const { Deno } = globalThis as unknown as {
  Deno: {
    serve(
      options: { port: number; hostname: string; onListen(): void },
      handler: Fetch,
    ): void;
  };
};

const { port, ...options } = await settings(process.argv.slice(2));
Deno.serve(
  { port, hostname: "127.0.0.1", onListen: () => {} },
  makeApp(options),
);
