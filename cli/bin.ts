#!/usr/bin/env node
import process from "node:process";
import { run } from "../cli.ts";

// `schema postgres | head` closes the pipe: that is no error of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? 0 : 3);
});
// A store that never answers and holds nothing open lets the process end: for a
// cron job, that would look like success.
process.exitCode = 3;
process.once("beforeExit", () => {
  process.stderr.write("with-session: What it waits for never answers\n");
});
// The pool of a store would keep the process alive.
run(process.argv.slice(2)).then((code) => process.exit(code));
