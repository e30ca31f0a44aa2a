interface Entry {
  /** The request's fields that `Vary` named, as they were. */
  readonly selected: readonly (readonly [string, string | null])[];
  readonly response: Response;
  /** In ms since 1970. */
  readonly until: number;
}

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

  constructor(
    handler: (request: Request) => Promise<Response>,
    now: () => number,
  ) {
    this.#handler = handler;
    this.#now = now;
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
    const seconds = lifeOf(response.headers);
    if (seconds <= 0) return response;
    entries.push({
      selected: namesIn(response.headers.get("vary") ?? "").map((name) =>
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
function lifeOf(headers: Headers): number {
  const rules = namesIn(
    headers.get("cdn-cache-control") ?? headers.get("cache-control") ?? "",
  );
  if (namesIn(headers.get("vary") ?? "").includes("*")) return 0;
  if (/(^|,)(no-store|no-cache|private)\b/.test(rules.join())) return 0;
  const shared = /(?:^|,)s-maxage=(\d+)/.exec(rules.join());
  const any = /(?:^|,)max-age=(\d+)/.exec(rules.join());
  return Number((shared ?? any)?.[1] ?? 60);
}

function namesIn(list: string): string[] {
  return list.toLowerCase().split(",").map((name) => name.trim())
    .filter((name) => name);
}
