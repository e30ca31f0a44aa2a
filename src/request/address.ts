import { isDevelopment } from "../options/development.ts";
import type { SessionCookie, Settings } from "../options/settings.ts";
import type { Visit } from "../session/state.ts";
import { warnOfOtherHost } from "./other_host.ts";

// What the address of a request decides about its cookie: on http from this
// machine, and for a cookie with a path.

/** Fields by which proxies show themselves, or the clients they ask for. */
const FORWARDED =
  /forward|(^|-)(proto|ssl|https|scheme)$|^(fastly|x-(original|envoy|arr|amzn|azure))-|^(via|cdn-loop|cf-visitor|true-client-ip|x-(real|client|cluster-client)-ip|x-varnish)$/;

const told = new WeakSet<Settings>();

type Fields = readonly (readonly [name: string, value: string])[];

/** Gives a visit the cookie that it has at its address, or none. */
export function chooseCookieAt(
  visit: Visit,
  url: string,
  headers: Fields,
): void {
  if (visit.cookie.isLocal) visit.cookie = behindProxy(visit, headers);
  const { cookie, settings } = visit;
  if (cookie.isLocal) warnOfOtherHost(settings, cookie, url, headers);
  if (!isWithin(visit.cookie.options.path ?? "/", url)) {
    // The browser did not send its cookie for the path, and a new one would
    // replace that.
    visit.phase = "left-out";
    delete visit.headers;
  }
}

/**
 * Chooses the cookie behind a proxy on this machine, which asks for `localhost`
 * in its visitors' names. Its headers may say that they are on https; no header
 * makes the cookie less secure.
 */
function behindProxy(
  { settings, cookie }: Visit,
  headers: Fields,
): SessionCookie {
  const fields = headers.filter(([name]) => FORWARDED.test(name));
  if (fields.length && !isOfDevelopment(fields)) {
    const usual = settings.cookieFor();
    const isSecure = fields.some(([, value]) =>
      /\bhttps\b|^(on|true|1)$/i.test(value)
    );
    return isSecure ? usual : { ...usual, attributes: "" };
  }
  if (!told.has(settings)) settings.emit?.({ type: "local" });
  told.add(settings);
  return cookie;
}

/** What Next's and Vite's own servers forward if the browser is here. */
const HERE =
  /^x-forwarded-(for|host): *((::ffff:)?127\.[\d.]+|\[?::1]?|([\w-]+\.)*localhost)(:\d+)?$|^x-forwarded-(port: *\d+|proto: *http)$/i;

/**
 * Whether the fields are of a development server on this machine, for a browser
 * on this machine: in production, a tunnel may look like that.
 */
function isOfDevelopment(fields: Fields): boolean {
  return isDevelopment() &&
    fields.every(([name, value]) =>
      value.split(",").every((each) => HERE.test(`${name}:${each}`))
    );
}

/** Whether browsers send a cookie to this address (RFC 6265bis §5.1.4). */
function isWithin(path: string, url: string): boolean {
  // Do not parse the address: a stranger may have written the host.
  // Without a `Host`, Bun's is a path alone.
  const [, asked = ""] = /^(?:[\w+.-]+:\/\/[^/?#]*)?([^?#]*)/.exec(url) ?? [];
  const folder = path.endsWith("/") ? path : `${path}/`;
  return path === "/" || asked === path || asked.startsWith(folder);
}
