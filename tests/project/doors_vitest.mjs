// Settings of Vitest: packages are loaded by Node, as is usual there, and once
// more by Vitest, as are a project's own files.

import { fileURLToPath } from "node:url";

const standIn = new URL("doors_workers.cjs", import.meta.url);
const test = {
  globals: true,
  include: ["doors.test.mjs"],
  alias: { "cloudflare:workers": fileURLToPath(standIn) },
  execArgv: ["--import=./doors_hooks.mjs"],
};
const server = { deps: { inline: ["with-session"] } };

export default {
  test: {
    projects: [
      { test: { ...test, name: "usual" } },
      { test: { ...test, name: "inline", server } },
    ],
  },
};
