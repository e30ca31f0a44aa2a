// Lets Node load what only workerd has.

import { registerHooks } from "node:module";

const standIn = new URL("doors_workers.cjs", import.meta.url).href;
registerHooks({
  resolve: (name, context, next) =>
    name === "cloudflare:workers"
      ? { url: standIn, shortCircuit: true }
      : next(name, context),
});
