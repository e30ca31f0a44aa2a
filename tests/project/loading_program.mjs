// Answers one request, and prints which files of the library were loaded for
// it: see `loading.ts`.

import { registerHooks } from "node:module";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { pathToFileURL } from "node:url";

const { mod, does, option, cookie, records = [] } = JSON.parse(
  process.argv[2] ?? "{}",
);
const { href } = pathToFileURL(mod);
const home = href.replace(/[^/]*$/, "");
/** @type {string[]} */
const loaded = [];
registerHooks({
  load: (url, context, next) => {
    if (url.startsWith(home)) loaded.push(url.slice(home.length));
    return next(url, context);
  },
});

/** A store as simple as can be, so that it loads nothing itself. */
const kept = new Map(records);
const store = {
  consistency: "strong",
  create: (key, record) => Promise.resolve(!!kept.set(key, record)),
  get: (key) => Promise.resolve(kept.get(key) ?? null),
  update: (key, record) => Promise.resolve(kept.set(key, record) && "ok"),
  delete: (key) => Promise.resolve(void kept.delete(key)),
};
const validate = (value) => ({ value });
const schema = { "~standard": { version: 1, vendor: "project", validate } };
const options = {
  store: { store },
  revocations: { revocations: store },
  schema: { schema },
  csrf: { csrf: true },
}[option];

const { withSession } = await import(href);
const handler = withSession((_request, session) => {
  if (does === "read") session.get("cart");
  if (does === "write") session.login("ada");
  return new Response();
}, { secret: process.env.SESSION_SECRET, ...options });
const start = loaded.splice(0).sort();
const response = await handler(
  new Request("https://example.com/", { headers: cookie ? { cookie } : {} }),
);
// What is loaded without being waited for counts, too.
await setTimeout(50);
const line = response.headers.getSetCookie()[0] ?? "";
console.log(JSON.stringify({
  start,
  request: loaded.sort(),
  cookie: line.split(";")[0],
  records: [...kept],
}));
