import { isKept } from "./drop.ts";
import { fault, type Finding, note, type Visits } from "./finding.ts";
import { isLoopback, type SetCookie } from "./set_cookie.ts";
import { type Exchange, fieldOf } from "./visit.ts";

/** The origin that stands for another site. */
export const FOREIGN = "https://with-session.invalid";

/** Who would get a cookie, or what it opens, that should not. */
export function* findLeaks(visits: Visits): Iterable<Finding> {
  for (const exchange of visits.first) {
    for (const cookie of visits.cookies(exchange)) {
      if (!cookie.isSession || cookie.isRemoval) continue;
      // What nobody keeps leaks nowhere; its attributes may be another one's.
      if (!isKept(cookie, exchange)) continue;
      yield* leaksOf(cookie, exchange);
    }
  }
  yield* findForeign(visits);
}

function* leaksOf(
  { name, value, attributes, domain }: SetCookie,
  exchange: Exchange,
): Iterable<Finding> {
  const { url, body } = exchange;
  const isSecure = attributes.has("secure");
  if (!attributes.has("httponly")) {
    yield fault(
      "leak-script",
      name,
      "Scripts of the page can read it, also those that an attacker gets in",
      "Set HttpOnly",
    );
  }
  if (!isSecure && url.protocol === "https:") {
    const isLocal = /-\d{1,5}$/.test(name);
    yield fault(
      "leak-http",
      name,
      "It is not Secure: one address with http:// sends it in the open" +
        (isLocal
          ? ". By its name, the program takes this for http://localhost"
          : ""),
      "Behind a proxy that ends TLS, a program sees http: " +
        "set cookie: { secure: true }",
    );
  }
  if (!isSecure && url.protocol === "http:" && !isLoopback(url)) {
    yield fault(
      "leak-http",
      name,
      "It travels in the open: the address is http",
      "Use https, and set cookie: { secure: true } behind a proxy",
    );
  }
  const sameSite = attributes.get("samesite")?.toLowerCase() ?? "";
  if (!/^(lax|strict|none)$/.test(sameSite)) {
    yield fault(
      "leak-site",
      name,
      "It says no SameSite: Firefox and Safari send it with what other sites " +
        "post to this one",
      "Set SameSite=Lax",
    );
  } else if (sameSite === "none") {
    yield note(
      "site-none",
      name,
      "SameSite=None sends it with requests of all other sites",
      "Set SameSite=Lax, unless they embed this one; then check Origin (option csrf)",
    );
  }
  if (domain && domain !== url.hostname) {
    yield note(
      "shared",
      name,
      `All hosts below ${domain} get it, and each can set another one`,
      "Leave out Domain, unless the session is for all of them",
    );
  }
  // A short value turns up by chance.
  if (value.length < 16) return;
  const location = fieldOf(exchange, "location");
  if (location.includes(value)) {
    yield fault(
      "leak-address",
      name,
      "The redirect has it in its address: logs, history and Referer keep it",
      "Leave it to Set-Cookie alone",
    );
  }
  if (body.includes(value)) {
    yield fault(
      "leak-body",
      name,
      "The page has it in its text, where scripts can read it",
      "Leave it to Set-Cookie alone; session.id is safe to show",
    );
  }
}

function* findForeign({ foreign, cookies, first }: Visits): Iterable<Finding> {
  if (!foreign) return;
  const allowed = fieldOf(foreign, "access-control-allow-origin");
  const withCookies =
    fieldOf(foreign, "access-control-allow-credentials") === "true";
  if (withCookies && (allowed === FOREIGN || allowed === "null")) {
    const [session] = first.flatMap((each) => cookies(each))
      .filter(({ isSession }) => isSession);
    yield fault(
      "leak-origin",
      session?.name,
      "CORS lets scripts of any site read this page with its visitor's cookie",
      "List the origins that may, in place of what the request says",
    );
  }
}
