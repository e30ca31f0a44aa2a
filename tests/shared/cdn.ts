interface Entry {
  /** The request's fields that `Vary` named, as they were. */
  readonly selected: readonly (readonly [string, string | null])[];
  readonly response: Response;
  /** In ms since 1970. */
  readonly until: number;
}

/** What one cache or another takes for its own, before `Cache-Control`. */
const OWN = [
  "cloudflare-cdn-cache-control",
  "cdn-cache-control",
  "surrogate-control",
  "edge-control",
  "x-accel-expires",
];

/** How a cache differs from what RFC 9111 says of it. */
export interface CdnOptions {
  /** It does not look at `Vary`. */
  readonly ignoresVary?: boolean;
  /** For how many seconds it keeps what does not speak of caching. */
  readonly usual?: number;
}

/**
 * As Cloudflare's cache in front of Workers has it: the address is its whole
 * key, and a 200 is kept for two hours.
 */
export const WORKERS_CACHING: CdnOptions = { ignoresVary: true, usual: 7200 };

/**
 * A shared cache in front of a fetch handler that keeps as much as it may (RFC
 * 9111 §3, RFC 9213): responses with `Set-Cookie` as well, and those that do
 * not speak of caching for a minute.
 */
export class Cdn {
  /** How many requests it has answered by itself. */
  hits = 0;
  readonly #entries: Map<string, Entry[]> = new Map();
  readonly #handler: (request: Request) => Promise<Response>;
  readonly #now: () => number;
  readonly #options: CdnOptions;

  constructor(
    handler: (request: Request) => Promise<Response>,
    now: () => number,
    options: CdnOptions = {},
  ) {
    this.#handler = handler;
    this.#now = now;
    this.#options = options;
  }

  async fetch(request: Request): Promise<Response> {
    if (request.method !== "GET") return await this.#handler(request);
    const entries = this.#entries.get(request.url) ?? [];
    const entry = entries.find(({ selected, until }) =>
      until > this.#now() &&
      selected.every(([name, value]) => request.headers.get(name) === value)
    );
    if (entry) {
      this.hits++;
      return entry.response.clone();
    }
    const response = await this.#handler(request);
    const { ignoresVary, usual } = this.#options;
    const seconds = lifeOf(response.headers, usual);
    if (seconds <= 0) return response;
    entries.push({
      selected: ignoresVary
        ? []
        : namesIn(response.headers.get("vary") ?? "").map((name) =>
          [name, request.headers.get(name)] as const
        ),
      response: response.clone(),
      until: this.#now() + seconds * 1000,
    });
    this.#entries.set(request.url, entries);
    return response;
  }
}

/** For how many seconds it may be kept and used again. */
function lifeOf(headers: Headers, usual = 60): number {
  const own = OWN.find((name) => headers.has(name)) ?? "cache-control";
  const rules = namesIn(headers.get(own) ?? "");
  if (namesIn(headers.get("vary") ?? "").includes("*")) return 0;
  if (/(^|,)(no-store|no-cache|private)\b/.test(rules.join())) return 0;
  const shared = /(?:^|,)s-maxage=(\d+)/.exec(rules.join());
  const any = /(?:^|,)max-age=(\d+)/.exec(rules.join());
  return Number((shared ?? any)?.[1] ?? usual);
}

function namesIn(list: string): string[] {
  return list.toLowerCase().split(",").map((name) => name.trim())
    .filter((name) => name);
}
