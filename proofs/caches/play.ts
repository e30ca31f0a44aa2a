// One run: the sites, a cache in front of them, visitors, and the audit.

import { Audit, type Break, type Figures } from "./audit.ts";
import { type CacheName, startCache } from "./caches.ts";
import { Ledger } from "./ledger.ts";
import { startSites } from "./site.ts";
import { visit } from "./visitors.ts";

export interface PlayOptions {
  readonly cache: CacheName;
  readonly requests: number;
  readonly seed: number;
  /** Where the library is. */
  readonly root: URL;
  /** Whether one break is enough. */
  readonly stopsEarly?: boolean;
  readonly onProgress?: (figures: Figures) => void;
}

export interface Played {
  readonly breaks: readonly Break[];
  readonly figures: Figures;
  readonly seconds: number;
}

/** What a cache has to answer by itself, or nothing was shown. */
export const LEAST_HITS = 0.03;
/** How many requests a set of handlers and a cache get. */
const ROUND = 50_000;

/** Plays it, in rounds with other handlers. */
export async function play(options: PlayOptions): Promise<Played> {
  const began = performance.now();
  const breaks: Break[] = [];
  const total: Partial<Figures> = {};
  const { requests, seed } = options;
  for (let round = 0; round * ROUND < requests; round++) {
    const number = Math.min(ROUND, requests - round * ROUND);
    const played = await playRound(options, number, seed + round);
    breaks.push(...played.breaks);
    for (const [name, value] of Object.entries(played.figures)) {
      const key = name as keyof Figures;
      total[key] = (total[key] ?? 0) + value;
    }
    options.onProgress?.(total as Figures);
    if (breaks.length) break;
  }
  const seconds = (performance.now() - began) / 1000;
  return { breaks, figures: total as Figures, seconds };
}

async function playRound(
  { cache: name, root, stopsEarly }: PlayOptions,
  requests: number,
  seed: number,
): Promise<Audit> {
  const ledger = new Ledger();
  const paths = Math.min(400, Math.max(60, Math.round(requests / 60)));
  const sites = await startSites(root, ledger, seed, paths);
  try {
    const cache = await startCache(name, sites);
    try {
      const audit = new Audit(ledger, cache.heedsVary);
      const isOver = () => !!stopsEarly && audit.breaks.length > 0;
      await visit(cache, sites, audit, { requests, seed, isOver });
      audit.takeStored(cache.stored());
      return audit;
    } finally {
      await cache.stop();
    }
  } finally {
    await sites.stop();
  }
}
