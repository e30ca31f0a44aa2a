import { LONGEST_COOKIE } from "../../src/http/cookie.ts";
import { instant, span } from "../common/time.ts";
import { fault, type Finding, note, type Visits } from "./finding.ts";
import {
  hasEnded,
  isBelow,
  isLoopback,
  isSentTo,
  isTooLarge,
  type SetCookie,
} from "./set_cookie.ts";
import type { Exchange } from "./visit.ts";

/** Names below which everybody may have a host: no cookie is for all of them. */
const SHARED =
  /^([a-z]+|(co|com|org|net|ac|gov)\.[a-z]{2}|github\.io|gitlab\.io|vercel\.app|netlify\.app|pages\.dev|workers\.dev|deno\.dev|deno\.net|herokuapp\.com|fly\.dev|onrender\.com|web\.app|firebaseapp\.com|azurewebsites\.net|cloudfront\.net|up\.railway\.app)$/;
/** A comma, a pair and an attribute. */
const JOINED =
  /,\s*[\w!#$%&*+.^|~-]+=[^;,]*;\s*(path|httponly|secure|samesite|max-age|expires|domain)\b/i;
/** Browsers cut a longer life (RFC 6265bis §5.5). */
const LONGEST_LIFE = 400 * 86_400;

/** Why a browser would drop a cookie, or not send it back. */
export function* findDropped(visits: Visits): Iterable<Finding> {
  for (const exchange of visits.first) {
    const cookies = visits.cookies(exchange);
    for (const cookie of cookies) {
      const dropped = whyDropped(cookie, exchange);
      if (dropped) yield dropped;
      else if (!cookie.isRemoval) yield* notSentBack(cookie, exchange, visits);
    }
    yield* findDoubled(cookies);
    yield* cookies.filter(isJoined).map(({ name }) =>
      fault(
        "joined",
        name,
        "Two cookies came in one line with a comma between: browsers take it " +
          "for one cookie, with the attributes of both",
        "Something on the way joins fields of one name: Set-Cookie may not be " +
          "joined. In a program, copy it by headers.getSetCookie()",
      )
    );
  }
}

/** The first reason of several, as they are mostly of one mistake. */
function whyDropped(
  cookie: SetCookie,
  { url, ended }: Exchange,
): Finding | undefined {
  const { name, value, attributes, domain, line } = cookie;
  const isSecure = attributes.has("secure");
  const dropped = (code: string, says: string, advice: string) =>
    fault(`drop-${code}`, name, `Browsers drop it: ${says}`, advice);
  // deno-lint-ignore no-control-regex
  if (!name || /[\x00-\x08\x0a-\x1f\x7f]/.test(line)) {
    return dropped(
      "characters",
      name ? "it has control characters in it" : "it has no name",
      "Encode the value, by base64url say",
    );
  }
  if (isTooLarge(cookie)) {
    const length = new TextEncoder().encode(name + value).length;
    return dropped(
      "size",
      `it has ${length} bytes, and they keep ${LONGEST_COOKIE}`,
      "Keep less in it, or keep the data in a store (option store), or in " +
        'several cookies (option overflow: "parts")',
    );
  }
  const prefix = /^__(host-http|host|http|secure)-/i.exec(name)?.[0] ?? "";
  const kind = prefix.toLowerCase();
  if (kind && !isSecure) {
    return dropped(
      "prefix",
      `the prefix ${prefix} needs Secure`,
      "Set Secure, or take a name without a prefix where there is no https",
    );
  }
  if (
    kind.startsWith("__host-") &&
    (attributes.has("domain") || attributes.get("path") !== "/")
  ) {
    return dropped(
      "prefix",
      `the prefix ${prefix} needs Path=/ and no Domain`,
      "Leave out Domain and set Path=/, or take the prefix __Secure-",
    );
  }
  if (kind.includes("http-") && !attributes.has("httponly")) {
    return dropped(
      "prefix",
      `the prefix ${prefix} needs HttpOnly`,
      "Set HttpOnly",
    );
  }
  const sameSite = attributes.get("samesite")?.toLowerCase();
  if (sameSite === "none" && !isSecure) {
    return dropped(
      "same-site",
      "SameSite=None needs Secure",
      "Set Secure, or SameSite=Lax if no other site embeds this one",
    );
  }
  if (attributes.has("partitioned") && !isSecure) {
    return dropped("partitioned", "Partitioned needs Secure", "Set Secure");
  }
  if (isSecure && url.protocol === "http:" && !isLoopback(url)) {
    return dropped(
      "secure",
      "it is Secure, and came over http",
      "Use https, or http://localhost for development",
    );
  }
  if (domain) {
    const isOf = url.hostname === domain || url.hostname.endsWith(`.${domain}`);
    const isAddress = /^[\d.]+$|^\[/.test(url.hostname);
    if (!isOf || isAddress && url.hostname !== domain) {
      return dropped(
        "domain",
        `its Domain is ${domain}, and the host is ${url.hostname}`,
        "Leave out Domain, or set one that ends the host's name",
      );
    }
    if (SHARED.test(domain) && url.hostname !== domain) {
      return dropped(
        "domain",
        `all hosts below ${domain} belong to different people`,
        "Leave out Domain, or set a longer one",
      );
    }
  }
  if (hasEnded(attributes, ended) && !cookie.isRemoval) {
    const end = Date.parse(attributes.get("expires") ?? "");
    return dropped(
      "expired",
      "it has expired when it arrives" +
        (end ? `, at ${instant(end / 1000)}` : ""),
      "Set Max-Age in seconds, which no clock changes",
    );
  }
  return undefined;
}

function* notSentBack(
  cookie: SetCookie,
  { url }: Exchange,
  { first, page, leads }: Visits,
): Iterable<Finding> {
  const { name, path, attributes, isSession } = cookie;
  if (!isSession) return;
  if (!isBelow(page.url.pathname, path) && !isBelow(url.pathname, path)) {
    yield fault(
      "lost-path",
      name,
      `Browsers do not send it back to this address: its Path is ${path}`,
      "Behind a proxy that strips a part of the path, the program sees " +
        "another path than the browser: let the proxy keep it, or set Path=/",
    );
  }
  const next = first[first.findIndex((each) => each.url === url) + 1]?.url ??
    leads;
  if (next && !isSentTo(cookie, url, next) && next.hostname !== url.hostname) {
    const isSame = isLoopback(next) && isLoopback(url);
    yield fault(
      "lost-redirect",
      name,
      `The answer sets it for ${url.hostname} and leads to ${next.hostname}, ` +
        "where browsers do not send it",
      isSame
        ? "localhost and 127.0.0.1 are two hosts: use one of them in all addresses"
        : "Redirect to the same host, or set Domain for both",
    );
  }
  const age = Number(attributes.get("max-age"));
  if (age > LONGEST_LIFE) {
    yield note(
      "life",
      name,
      `It is to last ${span(age)}, and browsers keep it for 400 d`,
      "Set less",
    );
  }
  if (attributes.has("secure") && url.protocol === "http:") {
    yield note(
      "safari",
      name,
      "It is Secure, and came over http from this machine: Chromium and " +
        "Firefox keep it, and Safari drops it",
      'Leave cookie.secure at "auto" for development',
    );
  }
}

function* findDoubled(cookies: readonly SetCookie[]): Iterable<Finding> {
  const kept = cookies.filter(({ isRemoval }) => !isRemoval);
  const names = new Set(kept.map(({ name }) => name));
  for (const name of names) {
    const same = kept.filter((each) => each.name === name);
    if (same.length > 1) {
      const scopes = new Set(
        same.map(({ domain, path }) => `${domain} ${path}`),
      );
      yield fault(
        "duplicate",
        name,
        `The answer sets it ${same.length} times` +
          (scopes.size > 1
            ? " with different Domain or Path: browsers keep and send all of them"
            : ": browsers keep the last one"),
        "Two layers set it, two copies of the middleware say: let one do it. " +
          "Remove a cookie of an earlier Domain or Path by cookie.previous",
      );
    }
  }
}

/** Whether a browser takes a cookie as the server means it. */
export function isKept(cookie: SetCookie, exchange: Exchange): boolean {
  return !isJoined(cookie) && !whyDropped(cookie, exchange);
}

/** Whether another cookie stands in a line behind a comma. */
function isJoined({ line }: SetCookie): boolean {
  // The date has a comma by right.
  const rest = line.replace(/expires=\w+, /ig, "expires=");
  return JOINED.test(rest);
}
