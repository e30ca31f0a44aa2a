import { partNames } from "../http/part_names.ts";
import type { Asked, Fields } from "../http/request.ts";
import { kindOf, readOn, tagOf } from "../options/check.ts";
import type { Settings } from "../options/settings.ts";
import type { HeaderFields, RequestLike } from "./contract.ts";
import { cookiesFrom, type Jar, jarOf } from "./cookie_jar.ts";
import { keysOf } from "./keys.ts";

// Reads what frameworks hand out as if it were a `Request`.

/** What a source tells of its request. */
export interface Source {
  /** Absent if there is only a cookie jar. */
  readonly request?: Asked | undefined;
  readonly jar?: Jar | undefined;
  /** What is the same for all layers of one request: see `keys.ts`. */
  readonly keys: readonly object[];
}

/** What may be behind a framework's object. */
interface Wrapped extends Partial<RequestLike> {
  readonly raw?: Wrapped;
  readonly req?: Wrapped;
  /** The address before a router has taken its part of it. */
  readonly originalUrl?: string;
  readonly socket?: { readonly encrypted?: boolean } | null;
  readonly get?: unknown;
  readonly set?: unknown;
  readonly forEach?: unknown;
}

/**
 * Reads a source, and the place where a cookie jar was handed out.
 *
 * @throws {TypeError} If it is neither a request nor a cookie jar.
 */
export function readSource(
  settings: Settings,
  [given, place]: readonly unknown[],
): Source {
  const { path = "/" } = settings.cookieFor().options;
  const jar = jarOf(given);
  const from = jar ? place : given;
  if (from === undefined && jar) {
    return { request: undefined, jar, keys: keysOf(undefined, jar) };
  }
  const request = requestOf(from, path);
  if (!request) {
    throw new TypeError(
      `open() must get a request, its headers or a cookie jar: it is ${
        kindOf(from)
      }${hintFor(from)}${readOn("argument")}`,
    );
  }
  return { request, jar, keys: keysOf(from as object, jar) };
}

/** Says where a framework's context has its request. */
function hintFor(given: unknown): string {
  const name = ["req", "request"].find((name) => {
    const held = Object(given)[name];
    return !!held && typeof held === "object";
  });
  return name ? `; give its ${name}` : "";
}

/**
 * Reads a request of any shape.
 *
 * @param usualPath That of the cookie, for who knows no address.
 * @returns It, and whether nobody has told its address.
 */
export function requestOf(
  given: unknown,
  usualPath: string,
): Asked & { readonly isPathless?: boolean } | undefined {
  if (tagOf(given) === "[object Request]") return given as Request;
  if (given !== Object(given)) return undefined;
  const { headers, req, raw, get, set, forEach } = given as Wrapped;
  if (headers !== Object(headers)) {
    if (get && forEach && /t (Headers|Object)]/.test(tagOf(given))) {
      return requestOf({ headers: given }, usualPath);
    }
    // A context that keeps values, as Hono's, is taken neither for a jar nor for
    // its request: a cookie would reach nobody.
    return get && set ? undefined : requestOf(req ?? raw, usualPath);
  }
  const fields = new FieldsOf(headers as HeaderFields);
  const url = addressOf(given as Wrapped, fields, usualPath);
  // Browsers send `Origin` with whatever is not GET or HEAD.
  const { method = fields.has("origin") ? "POST" : "GET" } = given as Wrapped;
  const { originalUrl = (given as Wrapped).url } = given as Wrapped;
  return { headers: fields, method, url, isPathless: !originalUrl };
}

/**
 * The address as the browser has it. It is never parsed: a stranger may have
 * written the host.
 */
function addressOf(
  given: Wrapped,
  fields: Fields,
  usualPath: string,
): string {
  const { url, originalUrl = url } = given;
  // The address of a `Request` is whole; that of Node has a host only if a
  // client takes the server for a proxy.
  const isWhole = typeof url === "object" ||
    isHeaders(given.headers as HeaderFields);
  const whole = `${originalUrl ?? ""}`;
  if (isWhole && /^https?:/.test(whole)) return whole;
  const path = whole.replace(/^\w+:\/\/[^/?#]*/, "") ||
    (whole ? "/" : usualPath);
  // Without a host, a parser would take the path's beginning for one.
  const host = fields.get("host") || authorityOf(fields) || "invalid";
  const slash = path.startsWith("/") ? "" : "/";
  return `${schemeOf(given, host)}://${host}${slash}${path}`;
}

/** What HTTP/2 has in place of `Host`; `Headers` know no such name. */
function authorityOf(fields: Fields): string | null {
  try {
    return fields.get(":authority");
  } catch {
    return null;
  }
}

const LOOPBACK = /^(([\w-]+\.)*localhost|127\.[\d.]+|\[::1])(:|$)/i;

function schemeOf({ protocol, socket, req, raw }: Wrapped, host: string) {
  const known = /^https?(?=:?$)/.exec(protocol ?? "")?.[0];
  const connection = socket ?? req?.socket ?? raw?.socket;
  if (known) return known;
  if (connection) return connection.encrypted ? "https" : "http";
  // Headers alone do not tell. The session's cookie is for https then, but on
  // this machine.
  return LOOPBACK.test(host) ? "http" : "https";
}

/** Header fields of any shape, read as they are asked for. */
class FieldsOf implements Fields {
  readonly #fields: HeaderFields;

  constructor(fields: HeaderFields) {
    this.#fields = fields;
  }

  get(name: string): string | null {
    const fields = this.#fields;
    if (isHeaders(fields)) return fields.get(name);
    const value = fields[name] ?? this.#otherwiseSpelt(name);
    if (value === undefined) return null;
    return Array.isArray(value)
      ? value.join(name === "cookie" ? "; " : ", ")
      : `${value}`;
  }

  has(name: string): boolean {
    return this.get(name) !== null;
  }

  *[Symbol.iterator](): Iterator<[string, string]> {
    for (const name of this.#names()) {
      yield [name, this.get(name) as string];
    }
  }

  /** What stands under a name with capitals, as the client has written it. */
  #otherwiseSpelt(name: string): string | readonly string[] | undefined {
    const fields = this.#fields as Record<string, string | undefined>;
    const spelt = Object.keys(fields).find((each) =>
      each.length === name.length && each.toLowerCase() === name &&
      (fields[each] ?? null) !== null
    );
    return spelt && fields[spelt];
  }

  #names(): string[] {
    const fields = this.#fields;
    if (!isHeaders(fields)) {
      const names = Object.keys(fields).map((name) => name.toLowerCase());
      return [...new Set(names)].filter((name) => this.has(name));
    }
    const names: string[] = [];
    fields.forEach((_value, name) => names.push(name));
    return names;
  }
}

function isHeaders(
  fields: HeaderFields,
): fields is Pick<Headers, "get" | "forEach"> {
  return typeof fields.get === "function";
}

/**
 * Gives a request the cookies that a jar has for a session, which may be newer
 * than those of its headers.
 */
export async function readCookies(
  settings: Settings,
  { request, jar }: Source,
): Promise<Asked | undefined> {
  if (!jar) return request;
  const usual = settings.cookieFor();
  // A jar alone does not tell where it is.
  const unknown = `https://${usual.options.path ?? "/"}`;
  const { url = unknown, method = "GET", headers = [] } = request ?? {};
  const names = [settings.cookieFor({ url }), usual].flatMap(({ name }) =>
    settings.overflow ? [name, ...partNames(name)] : name
  );
  const others = settings.accept ? othersIn(request, names) : [];
  const cookie = [await cookiesFrom(jar, names), ...others].join(";");
  const fields = { ...Object.fromEntries(headers), cookie };
  return { url, method, headers: new FieldsOf(fields) };
}

/** Cookies for readers of other libraries: a jar would have decoded them. */
function othersIn(
  request: Asked | undefined,
  ours: readonly string[],
): string[] {
  const pairs = (request?.headers.get("cookie") ?? "").split(";");
  return pairs.filter((pair) => {
    const [name = ""] = pair.split("=", 1);
    return !ours.includes(name.trim());
  });
}

/**
 * Makes a `Request` for the option `when`, which looks at it.
 *
 * @throws {TypeError} If nobody has told its address: `when` would see another.
 */
export function requestFor(request: Asked & { isPathless?: boolean }): Request {
  if (request.isPathless) refuseToLook("when");
  const { url, method } = request;
  const headers = [...request.headers].filter(isPlain);
  try {
    return new Request(url, { method, headers });
  } catch {
    // A host that no URL may have, or a method that `fetch` does not know.
    const at = URL.canParse(url)
      ? url
      : url.replace(/^\w+:\/\/[^/?#]*\/?/, "http://invalid/");
    const made = new Request(at, { headers });
    return Object.defineProperty(made, "method", { value: method });
  }
}

/**
 * Says that an option has to see more of the request.
 *
 * @throws {TypeError} In any case.
 */
export function refuseToLook(option: "when" | "csrf" | "accept"): never {
  const what = option === "when"
    ? "the request and its address"
    : "the request";
  throw new TypeError(
    `open() must also get ${what}, as the option ${option} looks at it: open(jar, request)`,
  );
}

/** Whether a field is one of HTTP/1.1, and can be written again. */
function isPlain([name]: [string, string]): boolean {
  return !name.startsWith(":");
}
