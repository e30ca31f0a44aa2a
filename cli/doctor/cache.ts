import { fault, type Finding, note, type Visits } from "./finding.ts";
import { type Exchange, fieldOf } from "./visit.ts";

/** What caches may keep without being told (RFC 9110 §15.1). */
const KEPT = new Set([
  200,
  203,
  204,
  206,
  300,
  301,
  308,
  404,
  405,
  410,
  414,
  501,
]);

/** Which answers a cache would keep, and give to somebody else. */
export function* findCached(visits: Visits): Iterable<Finding> {
  const { first, page, other, again, cookies } = visits;
  const sessionIn = (exchange: Exchange) =>
    cookies(exchange).find(({ isSession, isRemoval }) =>
      isSession && !isRemoval
    );
  const given = sessionIn(page);
  const second = other && sessionIn(other);
  if (given && second?.value === given.value && second.name === given.name) {
    yield fault(
      "cache-same",
      given.name,
      "Two visitors without a cookie got the same one: a cache keeps it, and " +
        "strangers share one session",
      "Send Cache-Control: no-store with what sets it, and empty the cache",
    );
    return;
  }
  for (const exchange of first) {
    const session = sessionIn(exchange);
    if (session && isStorable(exchange)) {
      const said = fieldOf(exchange, "cache-control");
      yield fault(
        "cache-cookie",
        session.name,
        `The answer that sets it ${
          said ? `says Cache-Control: ${said}` : "says nothing to caches"
        }: a shared cache may keep it, and give the cookie to others`,
        "Send Cache-Control: no-store with it",
      );
      return;
    }
  }
  if (!again || sessionIn(again) || !dependsOnCookie(visits)) return;
  const isShared = isStorable(again);
  if (variesByCookie(again) || !isShared && !isFresh(again)) return;
  const said = fieldOf(again, "cache-control") || "nothing to caches";
  yield fault(
    "cache-vary",
    undefined,
    "The page is another one with the cookie than without, lacks Vary: Cookie " +
      `and says ${said}: ` +
      (isShared
        ? "a shared cache may show it to others"
        : "after a logout, the browser may still show it"),
    "Send Vary: Cookie, and Cache-Control: private or no-store",
  );
}

/** Answers that are too old to be of the program. */
export function* findAged({ page, cookies }: Visits): Iterable<Finding> {
  const age = Number(fieldOf(page, "age"));
  const session = cookies(page).find(({ isSession }) => isSession);
  if (session && age > 0) {
    yield note(
      "cache-age",
      session.name,
      `A cache has kept this answer for ${age} s, with the cookie in it`,
      "Send Cache-Control: no-store with what sets it, and empty the cache",
    );
  }
}

/** Whether a shared cache may keep an answer. */
function isStorable(exchange: Exchange): boolean {
  const said = directivesOf(exchange);
  if (said.has("no-store") || said.has("private")) return false;
  const isNamed = said.has("public") || Number(said.get("s-maxage")) > 0 ||
    Number(said.get("max-age")) > 0 || !!fieldOf(exchange, "expires");
  // What has to be asked about each time is kept, too, and its cookie with it;
  // max-age=0 is the same in other words.
  return KEPT.has(exchange.status) || isNamed;
}

/** Whether the browser itself shows an answer again without asking. */
function isFresh(exchange: Exchange): boolean {
  const said = directivesOf(exchange);
  return !said.has("no-store") && !said.has("no-cache") &&
    Number(said.get("max-age")) > 0;
}

function variesByCookie(exchange: Exchange): boolean {
  const names = fieldOf(exchange, "vary").toLowerCase().split(/[\s,]+/);
  return names.includes("cookie") || names.includes("*");
}

/** Whether a page is always the same without a cookie, or with, and not both. */
function dependsOnCookie({ page, other, again }: Visits): boolean {
  if (!other || !again) return false;
  // After a sign-in, the first visit has the cookie already.
  const [same, odd] = page.sent ? [again, other] : [other, again];
  const isSame = (one: Exchange) =>
    one.body === page.body && one.status === page.status;
  return isSame(same) && !isSame(odd);
}

function directivesOf(exchange: Exchange): ReadonlyMap<string, string> {
  const pairs = fieldOf(exchange, "cache-control").toLowerCase().split(",")
    .map((each) => each.trim().split("="))
    .map(([name = "", value = ""]) =>
      [name, value.replaceAll('"', "")] as const
    );
  return new Map(pairs);
}
