// Starts the Worker as `npm run dev` does, with the routes of the visit, an
// address and a secret of the environment, and no session of an earlier run.

import { spawn } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import process from "node:process";

const { HOST, PORT, SESSION_SECRET } = process.env;
const kept = ".wrangler/visit";
rmSync(kept, { recursive: true, force: true });
writeFileSync(".dev.vars", `SESSION_SECRET=${SESSION_SECRET}\n`);
spawn(
  process.execPath,
  [
    "node_modules/wrangler/bin/wrangler.js",
    "dev",
    "src/visited.ts",
    "--local",
    `--ip=${HOST}`,
    `--port=${PORT}`,
    `--persist-to=${kept}`,
  ],
  { stdio: "inherit" },
).on("exit", (code) => process.exit(code ?? 1));
