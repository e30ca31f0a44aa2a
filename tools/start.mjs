import { spawn } from "node:child_process";
import process from "node:process";
import { install } from "./install.mjs";
import { root, runtimes } from "./paths.mjs";

install();

const server = spawn(
  runtimes.deno,
  [
    "run",
    "--no-prompt",
    "--unstable-kv",
    "--allow-net=127.0.0.1",
    "--allow-env=PORT,SESSION_SECRET",
    "--allow-read=demo",
    "demo/main.ts",
  ],
  { cwd: root, stdio: "inherit" },
);
const parent = process.ppid;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => server.kill(signal));
}
// npm hands a signal to the shell between us, and the shell keeps it.
setInterval(() => {
  if (process.ppid !== parent) server.kill();
}, 250).unref();
server.on("exit", (code, signal) => {
  process.exit(signal === null ? code ?? 1 : 0);
});
