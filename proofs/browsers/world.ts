// What a visit has in hand: sites of ours, and browsers that go there.

import {
  generateSecret,
  type Session,
  type SessionOptions,
  withSession,
} from "../../mod.ts";
import {
  type Fetch,
  nodeServers,
  type Running,
} from "../../tests/project/node_servers.ts";
import type { Engine, Jar, JarOptions, Tab } from "./engines/engine.ts";
import { hosts } from "./hosts.ts";

type Host = keyof typeof hosts;

/** What a shop keeps of a visitor. */
export interface Visitor {
  n?: number;
  big?: string;
}
/** What is done with a session; a response takes the place of the usual one. */
export type Action = (session: Session<Visitor>, request: Request) => unknown;

/** The addresses of a site, without a path. */
export type Origins = Readonly<Record<Host | "localhost" | "loopback", string>>;

export class World {
  readonly engine: Engine;
  readonly #jars: Jar[] = [];
  readonly #servers: Running[] = [];

  constructor(engine: Engine) {
    this.engine = engine;
  }

  async openJar(options?: JarOptions): Promise<Jar> {
    const jar = await this.engine.openJar(options);
    this.#jars.push(jar);
    return jar;
  }

  /** A tab in a jar of its own. */
  async openTab(options?: JarOptions): Promise<Tab> {
    return await (await this.openJar(options)).openTab();
  }

  /** One server for several hosts; all others are those of the app. */
  async serve(
    handlers: Readonly<{ app: Fetch } & Partial<Record<Host, Fetch>>>,
    protocol: "http" | "https" = "https",
  ): Promise<Origins> {
    const byHost = new Map<string, Fetch>();
    for (const [host, handler] of Object.entries(handlers)) {
      byHost.set(hosts[host as Host], handler);
    }
    const server = await nodeServers.srvx((request) => {
      const { hostname, pathname } = new URL(request.url);
      // Some engines ask for it, and some do not.
      if (pathname === "/favicon.ico") return new Response(null);
      return (byHost.get(hostname) ?? handlers.app)(request);
    }, protocol);
    this.#servers.push(server);
    const at = (host: string) => `${protocol}://${host}:${server.port}`;
    return {
      app: at(hosts.app),
      evil: at(hosts.evil),
      other: at(hosts.other),
      third: at(hosts.third),
      localhost: at("localhost"),
      loopback: at("127.0.0.1"),
    };
  }

  async end(): Promise<void> {
    for (const jar of this.#jars) await jar.close();
    await Promise.all(this.#servers.map((server) => server.stop()));
  }
}

/** The same in all shops; a shop may have more. */
const ACTIONS: Readonly<Record<string, Action>> = {
  in: (session) => session.login("ada"),
  out: (session) => session.destroy(),
  count: (session) => session.update("n", (n = 0) => n + 1),
  look: () => {},
};

/**
 * A site with sessions. The last part of a path says what is done with the
 * session, and the page who it is and how often they were counted. A page that
 * is embedded says so to the one around it.
 */
export function shop(
  options: Partial<SessionOptions<Visitor>>,
  actions: Readonly<Record<string, Action>> = {},
): Fetch {
  const known = { ...ACTIONS, ...actions };
  return withSession<Visitor>(async (request, session) => {
    const { pathname } = new URL(request.url);
    const action = known[pathname.slice(pathname.lastIndexOf("/") + 1)];
    const own = await action?.(session, request);
    if (own instanceof Response) return own;
    return page(
      pathname,
      `${session.userId ?? "nobody"} ${session.get("n") ?? 0}`,
    );
  }, { secret: generateSecret(), ...options });
}

export function page(
  title: string,
  body: string,
  headers: Record<string, string> = {},
): Response {
  // In the head: innerText of a frame that is not laid out yet has scripts, too.
  const tell = "parent.postMessage(document.body.innerText.trim(), '*')";
  const response = new Response(
    `<!doctype html><title>${title}</title>
    <script>if (parent !== window) onload = () => ${tell};</script>
    <body>${body}`,
    { headers },
  );
  response.headers.set("content-type", "text/html; charset=utf-8");
  return response;
}

/** A site that sets the cookies that an address asks for, and shows its own. */
export const planter: Fetch = (request) => {
  const lines = new URL(request.url).searchParams.getAll("set");
  const shown = request.headers.get("cookie") ?? "";
  const response = page("Planter", `<pre>${shown}</pre>`, {
    "cache-control": "no-store",
  });
  for (const line of lines) response.headers.append("set-cookie", line);
  return response;
};

/** An address of a `planter` that sets these cookies. */
export function planting(origin: string, ...lines: string[]): string {
  const url = new URL("/", origin);
  for (const line of lines) url.searchParams.append("set", line);
  return url.href;
}

export async function textAt(tab: Tab, address: string): Promise<string> {
  await tab.goTo(address);
  return await textOf(tab);
}

export async function textOf(tab: Tab): Promise<string> {
  return String(await tab.run("return document.body.innerText.trim()"));
}

/** Lets the page go elsewhere by itself, and waits until it is there. */
export async function leave(
  tab: Tab,
  script: string,
  path: string,
): Promise<string> {
  // A page that is left may not be able to answer any more.
  await tab.run(`setTimeout(() => { ${script} }, 0)`).catch(() => {});
  const wanted = JSON.stringify(path);
  await until(async () =>
    await tab.run(
      `return document.readyState === "complete" &&
        location.pathname === ${wanted}`,
    ), path);
  return await textOf(tab);
}

/** Waits for something that is neither nothing nor an error. */
export async function until<Value>(
  look: () => Value | Promise<Value>,
  what: string,
): Promise<NonNullable<Value>> {
  let last: unknown;
  for (const begun = Date.now(); Date.now() - begun < 60_000;) {
    try {
      const value = await look();
      if (value) return value as NonNullable<Value>;
    } catch (error) {
      last = error;
    }
    await pause(30);
  }
  throw new Error(`Waited for ${what} in vain`, { cause: last });
}

export function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
