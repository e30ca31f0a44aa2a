import { guard } from "../events.ts";
import type { CookieParts } from "../http/cookie_options.ts";
import { tokensOf } from "../token/tokens.ts";
import { checkSecrets } from "../token/secrets.ts";
import { checkSeconds, refuse } from "./check.ts";
import type { SessionOptions } from "./options.ts";
import { resolveCookie } from "./resolve_cookie.ts";
import { checkStrong, OPTIONS, PARTS, pick, STORE } from "./rules.ts";
import type { SessionStore } from "../store/contract.ts";
import type { Overflow, Settings } from "./settings.ts";

/**
 * Checks the options and fills in the defaults.
 *
 * @param cookieName The cookie's name without prefix, if the options have none.
 * @throws {TypeError} If an option is unknown, missing or of the wrong kind.
 * @throws {RangeError} If a number or a length is out of its range.
 */
export function resolveOptions<Data extends object>(
  options: SessionOptions<Data, boolean>,
  cookieName = "sid",
): Settings {
  const day = 86_400;
  const { secret, cookie = {}, tokenCache = 2 ** 22, csrf, onEvent, ...given } =
    pick(options, OPTIONS);
  const { absoluteTimeout = 30 * day, now = Date.now } = given;
  const { store, revocations, revocationsMaxAge, trackIdle } = given;
  const outgrown = STORE[1](given.overflow) && given.overflow as SessionStore;
  const overflow = !outgrown && overflowOf(given.overflow);
  const secrets = checkSecrets(secret);
  // Browsers shorten a longer life of a cookie (RFC 6265bis §5.5).
  checkSeconds("absoluteTimeout", absoluteTimeout, 400 * day);
  const purpose = store ? "store" : "session";
  const settings: Settings = {
    absoluteTimeout,
    idleTimeout: Math.min(day, absoluteTimeout),
    persistent: true,
    codec: JSON,
    storeTimeout: 5,
    onStoreError: "throw",
    ...given,
    overflow,
    trusted: csrf && new Set(csrf === true ? [] : csrf),
    cookieFor: resolveCookie(
      cookie,
      cookieName,
      (name) =>
        tokensOf(secrets, [purpose, name], {
          cacheBytes: tokenCache,
          longest: overflow && 99_999,
          compress: given.compress,
        }),
    ),
    emit: onEvent && guard(onEvent),
    secrets,
    now: () => Math.floor(now() / 1000),
    clock: now,
  };
  const { renewAfter } = given;
  const idle = "idleTimeout within absoluteTimeout";
  checkSeconds(idle, settings.idleTimeout, absoluteTimeout);
  if (renewAfter !== undefined) {
    // 60 s at least, as the cookie before it may still be served for 30 s.
    checkSeconds("renewAfter", renewAfter, absoluteTimeout, 60);
  }
  for (const name of ["encrypt", "renewAfter", "trackIdle"] as const) {
    if (given[name] && !store) refuse(name, "needs a store");
  }
  if (overflow && overflow.maxBytes > 10_000 && cookie.partitioned) {
    refuse(
      "overflow.maxBytes",
      "must be 10000 at most with cookie.partitioned",
    );
  }
  if (store && (overflow || outgrown || given.compress)) {
    refuse("store", "takes neither overflow nor compress");
  }
  if (given.migrate && !given.schema) refuse("migrate", "needs a schema");
  if (trackIdle === "store" && typeof store === "object" && !store.touch) {
    refuse("trackIdle", "needs a store with touch");
  }
  if (revocationsMaxAge && !revocations) {
    refuse("revocationsMaxAge", "needs revocations", revocationsMaxAge);
  }
  checkStrong("revocations", revocations);
  if (outgrown) {
    checkStrong("overflow", outgrown);
    settings.outgrown = { ...settings, store: outgrown, home: settings };
  }
  return settings;
}

/** In how many cookies a session may go out, if in more than one. */
function overflowOf(
  given: unknown = "error",
): Overflow | false {
  if (given === "error") return false;
  // Nearly what a server such as nginx takes of one field.
  return {
    most: 3,
    maxBytes: 7_168,
    ...given !== "parts" && pick(given as CookieParts, PARTS, "overflow."),
  };
}
