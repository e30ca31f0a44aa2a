// The caches: Varnish and nginx as Debian has them, and two models in front of
// the same servers.

import {
  Cdn,
  type CdnOptions,
  WORKERS_CACHING,
} from "../../tests/shared/cdn.ts";
import { type Answer, Connection, type Question } from "./client.ts";
import { startCachingNginx } from "./nginx.ts";
import { type SiteName, SITES, type Sites } from "./site.ts";
import { startVarnish } from "./varnish.ts";

export const CACHES = [
  "varnish",
  "varnish-cookies",
  "nginx",
  "cdn",
  "workers",
] as const;
export type CacheName = typeof CACHES[number];

/** A cache in front of the sites. */
export interface Cache {
  /** Whether it keeps answers apart by what their `Vary` names. */
  readonly heedsVary: boolean;
  /** Someone who asks it, one request at a time. */
  client(): { ask(question: Question): Promise<Answer>; close(): void };
  /** What it has stored, as far as that can be seen: bytes as letters. */
  stored(): string[];
  stop(): Promise<void>;
}

/** Starts one. */
export async function startCache(
  name: CacheName,
  sites: Sites,
): Promise<Cache> {
  if (name === "cdn") return new Model(sites, {});
  if (name === "workers") return new Model(sites, WORKERS_CACHING);
  const { port, stored, stop } = name === "nginx"
    ? await startCachingNginx(sites.ports)
    : await startVarnish(sites.ports, name === "varnish-cookies");
  return {
    heedsVary: true,
    client: () => new Connection(port),
    stored,
    stop,
  };
}

/** A model begins anew now and then, as it never forgets by itself. */
const MODEL_LIFE = 10_000;

/**
 * A CDN's edge around the model of its cache: it asks for whole answers, and
 * makes parts and 304s of them itself.
 */
class Model implements Cache {
  readonly heedsVary: boolean;
  readonly #ports: Sites["ports"];
  readonly #options: CdnOptions;
  readonly #idle: Map<number, Connection[]> = new Map();
  #cdn: Cdn;
  #asked = 0;

  constructor({ ports }: Sites, options: CdnOptions) {
    this.#ports = ports;
    this.#options = options;
    this.heedsVary = !options.ignoresVary;
    this.#cdn = this.#begin();
  }

  client(): ReturnType<Cache["client"]> {
    return { ask: (question) => this.#ask(question), close() {} };
  }

  stored(): string[] {
    return [];
  }

  stop(): Promise<void> {
    for (const each of [...this.#idle.values()].flat()) each.close();
    return Promise.resolve();
  }

  #begin(): Cdn {
    const pass = (request: Request) => this.#pass(request);
    return new Cdn(pass, Date.now, this.#options);
  }

  async #ask({ method, host, path, headers }: Question): Promise<Answer> {
    if (++this.#asked % MODEL_LIFE === 0) this.#cdn = this.#begin();
    const { range, "if-none-match": tag, ...others } = headers;
    const request = new Request(`http://${host}${path}`, {
      method,
      headers: method === "GET" ? others : { ...headers },
    });
    const response = await this.#cdn.fetch(request);
    const body = await response.text();
    const head = [...response.headers].map((line) => line.join(": ") + "\r\n")
      .join("");
    const { status } = response;
    if (method === "GET" && status === 200) {
      if (tag && tag === response.headers.get("etag")) {
        return { status: 304, head, body: "" };
      }
      if (range) return { status: 206, head, body: body.slice(0, 10) };
    }
    return { status, head, body };
  }

  async #pass(request: Request): Promise<Response> {
    const { host, pathname } = new URL(request.url);
    const port =
      this.#ports[SITES.find((name) => `${name}.test` === host) as SiteName];
    const idle = this.#idle.get(port) ?? [];
    this.#idle.set(port, idle);
    const connection = idle.pop() ?? new Connection(port);
    const { status, head, body } = await connection.ask({
      method: request.method,
      host,
      path: pathname,
      headers: Object.fromEntries(request.headers),
    });
    idle.push(connection);
    const lines = head.trim().split("\r\n").map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
    });
    const kept = lines.filter(([name]) =>
      !/^(transfer-encoding|connection|keep-alive)$/i.test(name)
    );
    const isEmpty = status === 204 || status === 304;
    return new Response(isEmpty ? null : body, {
      status,
      headers: kept.map(([name, value]) => [name, value]),
    });
  }
}
