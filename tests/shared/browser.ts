type Handler = (request: Request) => Response | Promise<Response>;

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly host: string;
  readonly isHostOnly: boolean;
  readonly path: string;
  readonly isSecure: boolean;
  /** In ms since 1970. */
  readonly until: number;
}

const LONGEST_LIFE = 400 * 86_400;
const LOOPBACK = /^(.+\.)?localhost$|^127\.|^\[::1\]$/;

/**
 * A browser's cookie jar in front of a fetch handler (RFC 6265bis §5.6 to
 * §5.8). It drops what browsers drop, as silently as they do. `Expires` and
 * `SameSite` mean nothing to it: there is one tab and no other site.
 */
export class Browser {
  readonly #handler: Handler;
  readonly #origin: string;
  readonly #now: () => number;
  readonly #jar: Map<string, Cookie> = new Map();

  constructor(
    handler: Handler,
    options: { origin?: string; now?: () => number } = {},
  ) {
    this.#handler = handler;
    this.#origin = options.origin ?? "https://example.com";
    this.#now = options.now ?? Date.now;
  }

  /** Asks for a path of its origin, or for an address. */
  get(path = "/", init: RequestInit = {}): Promise<Response> {
    return this.#send(path, { method: "GET", ...init });
  }

  post(path = "/", init: RequestInit = {}): Promise<Response> {
    return this.#send(path, { ...init, method: "POST" });
  }

  /** The value of the cookie that would be sent first. */
  cookie(name: string, path = "/"): string | undefined {
    const url = new URL(path, this.#origin);
    return this.#cookiesFor(url).find((each) => each.name === name)?.value;
  }

  /** Takes a `Set-Cookie` line as if the address had sent it. */
  setRaw(line: string, path = "/"): void {
    const url = new URL(path, this.#origin);
    const { pair, attributes } = parse(line);
    const [name, value] = pair;
    const has = (attribute: string) => attributes.has(attribute);
    const given = attributes.get("domain")?.replace(/^\./, "").toLowerCase();
    const own = attributes.get("path") ?? "";
    const where = own.startsWith("/") ? own : directory(url);
    const isWhole = has("secure") && !given && where === "/";
    if (
      !name || new TextEncoder().encode(name + value).length > 4096 ||
      given && !isWithin(url.hostname, given) ||
      has("secure") && !isTrustworthy(url) ||
      has("partitioned") && !has("secure") ||
      /^__secure-/i.test(name) && !has("secure") ||
      /^__host-/i.test(name) && !isWhole ||
      /^__host-http-/i.test(name) && !has("httponly")
    ) return;
    const host = given ?? url.hostname;
    const seconds = Number(attributes.get("max-age") ?? Infinity);
    const cookie: Cookie = {
      name,
      value,
      host,
      isHostOnly: !given,
      path: where,
      isSecure: has("secure"),
      until: this.#now() + Math.min(seconds, LONGEST_LIFE) * 1000,
    };
    const scope = [host, !given, where, has("partitioned")];
    const key = JSON.stringify([name, ...scope]);
    if (seconds > 0) this.#jar.set(key, cookie);
    else this.#jar.delete(key);
  }

  async #send(path: string, init: RequestInit): Promise<Response> {
    const url = new URL(path, this.#origin);
    const headers = new Headers(init.headers);
    const cookies = this.#cookiesFor(url);
    if (cookies.length) {
      const pairs = cookies.map(({ name, value }) => `${name}=${value}`);
      headers.set("cookie", pairs.join("; "));
    }
    const response = await this.#handler(
      new Request(url, { ...init, headers }),
    );
    response?.headers.getSetCookie().forEach((line) =>
      this.setRaw(line, url.href)
    );
    return response;
  }

  #cookiesFor(url: URL): Cookie[] {
    return [...this.#jar.values()].filter((cookie) =>
      cookie.until > this.#now() &&
      (!cookie.isSecure || isTrustworthy(url)) &&
      (cookie.isHostOnly
        ? cookie.host === url.hostname
        : isWithin(url.hostname, cookie.host)) &&
      `${url.pathname}/`.startsWith(cookie.path.replace(/\/?$/, "/"))
    ).sort((a, b) => b.path.length - a.path.length);
  }
}

function parse(
  line: string,
): { pair: [string, string]; attributes: Map<string, string> } {
  const [first = "", ...rest] = line.split(";").map(split);
  const attributes = rest
    // Longer ones are ignored; so is a life that is no number.
    .filter(([, value]) => value.length <= 1024)
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name, value]) => name !== "max-age" || /^-?\d+$/.test(value));
  return { pair: first as [string, string], attributes: new Map(attributes) };
}

function split(part: string): [string, string] {
  const [name = "", ...value] = part.split("=");
  return [name.trim(), value.join("=").trim()];
}

function isWithin(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`);
}

/** Browsers trust the machine itself as they trust https. */
function isTrustworthy({ protocol, hostname }: URL): boolean {
  return protocol === "https:" || LOOPBACK.test(hostname);
}

function directory({ pathname }: URL): string {
  return pathname.slice(0, pathname.lastIndexOf("/")) || "/";
}
