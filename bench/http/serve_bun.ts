import process from "node:process";
import { type Fetch, makeApp } from "./app.ts";
import { settings } from "./settings.ts";

// Not for a compiler that has no types for it.
const { Bun } = globalThis as unknown as {
  Bun: {
    serve(options: { port: number; hostname: string; fetch: Fetch }): void;
  };
};

const { port, ...options } = await settings(process.argv.slice(2));
Bun.serve({ port, hostname: "127.0.0.1", fetch: makeApp(options) });
