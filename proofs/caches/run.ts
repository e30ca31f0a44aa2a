// npm run caches -- --requests=20000
//
// Visitors behind shared caches, and an audit of every byte they get.

import process from "node:process";
import { found as nginx } from "../../tests/servers/nginx.ts";
import { readCommandLine } from "../common/options.ts";
import { breakLibrary, NAMES } from "./broken.ts";
import type { CacheName } from "./caches.ts";
import { type Options, readOptions, USAGE } from "./options.ts";
import { LEAST_HITS, play, type Played } from "./play.ts";
import { found as varnish } from "./varnish.ts";

const here = new URL("../../", import.meta.url);

/** Ends the program if one of them cannot run. */
function need(caches: readonly CacheName[]): void {
  const missing = [
    varnish.skip && caches.some((name) => /^varnish/.test(name)) && "varnish",
    nginx.skip && caches.includes("nginx") && "nginx",
  ].filter((name) => name);
  if (!missing.length) return;
  console.error(
    `Missing: ${missing.join(", ")}. Install Debian's packages of these ` +
      "names, or choose other caches with --cache",
  );
  process.exit(2);
}

async function main(options: Options): Promise<void> {
  const { caches, seed, requests, broken } = options;
  need(caches);
  console.log(`seed ${seed}`);
  if (options.isTrial) return await tryAll(options);
  const root = broken === undefined ? here : breakLibrary(broken);
  for (const cache of caches) {
    const played = await play({
      cache,
      requests,
      seed,
      root,
      onProgress: ({ requests }) => console.log(`  ${cache} ${requests}`),
    });
    console.log(describe(cache, played));
    for (const { rule, text } of played.breaks) {
      console.log(`BREAK ${rule}: ${text}`);
    }
    const isEmpty = played.figures.hits < LEAST_HITS * played.figures.requests;
    if (isEmpty) console.log(`BREAK ${cache} has hardly kept anything`);
    const hasFailed = played.figures.failed > 0.01 * played.figures.requests;
    if (hasFailed) console.log(`BREAK ${cache} has failed too often`);
    if (!isEmpty && !hasFailed && !played.breaks.length) continue;
    process.exitCode = 1;
    const extra = broken === undefined ? "" : ` --broken=${broken}`;
    console.log(
      "The same plan: npm run caches -- " +
        `--cache=${cache} --requests=${requests} --seed=${seed}${extra}`,
    );
  }
}

function describe(cache: CacheName, { figures, seconds }: Played): string {
  const {
    requests,
    hits,
    touched,
    cookies,
    notModified,
    others,
    failed,
    stored,
    publicHits,
    publicLeaks,
    guestLeaks,
  } = figures;
  return `${cache}: ${requests} requests in ${seconds.toFixed(0)} s
  ${hits} answered by the cache, with what is nobody's
  ${touched} answers made with a session, ${cookies} cookies set
  ${notModified} times 304; ${others} without a number, ${failed} of them failed
  ${stored} answers looked at in its files
  of handlers that read and said public: ${publicHits} from the cache,
    ${publicLeaks} with another's name, ${guestLeaks} from guest to guest`;
}

/** Each broken copy has to be found by one of the caches. */
async function tryAll({ caches, requests, seed }: Options): Promise<void> {
  for (const name of NAMES) {
    const root = breakLibrary(name);
    const finds = [];
    for (const cache of caches) {
      const options = { cache, requests, seed, root, stopsEarly: true };
      const { breaks: [first], figures } = await play(options);
      if (first) finds.push(`${cache} (${first.rule}, ${figures.requests})`);
    }
    console.log(`${name.padEnd(16)} ${finds.join(", ") || "NOT FOUND"}`);
    if (!finds.length) process.exitCode = 1;
  }
}

await main(readCommandLine(readOptions, USAGE));
process.exit();
