// Loads parts of the library when they are first needed (decision 017). No part
// that is loaded from here imports this module.

import { isChecked } from "./options/settings.ts";
import type { Visit } from "./session/state.ts";

type Writing = typeof import("./request/writing.ts");
type Checks = typeof import("./request/checks.ts");
type Engine = typeof import("./store/engine.ts");
type Revocations = typeof import("./store/revocations.ts");
type CookieParts = typeof import("./request/cookie_parts.ts");

/**
 * Returns a part of the library: a promise until it is loaded, then the part.
 */
type OnDemand<Part> = () => Part | Promise<Part>;

/** For a cookie with a path, or on http from this machine. */
export const addressPart: OnDemand<typeof import("./request/address.ts")> =
  onDemand(() => import("./request/address.ts"));
/** For a request with several cookies of one name. */
export const severalCookiesPart: OnDemand<
  typeof import("./request/several_cookies.ts")
> = onDemand(() => import("./request/several_cookies.ts"));
/** For a wrapped handler inside another one. */
export const nestedPart: OnDemand<typeof import("./request/nested.ts")> =
  onDemand(() => import("./request/nested.ts"));
/** For a session that is opened from anything but a `Request`. */
export const adaptersPart: OnDemand<typeof import("./adapters/adapters.ts")> =
  onDemand(() => import("./adapters/adapters.ts"));
/** For a session that was discarded. */
export const failedPart: OnDemand<typeof import("./request/mark_failed.ts")> =
  onDemand(() => import("./request/mark_failed.ts"));
/** For the option `csrf`. */
export const csrfPart: OnDemand<typeof import("./http/csrf.ts")> = onDemand(
  () => import("./http/csrf.ts"),
);
/** For a `fetch` response that was compressed. */
export const decodedPart: OnDemand<typeof import("./http/decoded.ts")> =
  onDemand(() => import("./http/decoded.ts"));
/** For a response that sets a cookie. */
export const setCookiePart: OnDemand<typeof import("./http/set_cookie.ts")> =
  onDemand(async () => {
    const part = await import("./http/set_cookie.ts");
    await part.tryClone();
    return part;
  });
/** For a request whose token was opened. */
export const admitPart: OnDemand<typeof import("./request/admit.ts")> =
  onDemand(() => import("./request/admit.ts"));
/** For a request with a token. */
export const unsealPart: OnDemand<typeof import("./token/unseal.ts")> =
  onDemand(
    () => import("./token/unseal.ts"),
  );
/** For the option `accept`. */
export const takeOverPart: OnDemand<typeof import("./request/take_over.ts")> =
  onDemand(() => import("./request/take_over.ts"));
/** For a new token. */
export const sealPart: OnDemand<typeof import("./token/seal.ts")> = onDemand(
  () => import("./token/seal.ts"),
);
/** For a text that is compressed. */
export const compressedPart: OnDemand<typeof import("./token/compressed.ts")> =
  onDemand(() => import("./token/compressed.ts"));
const writingPart: OnDemand<Writing> = onDemand(() =>
  import("./request/writing.ts")
);
const checksPart: OnDemand<Checks> = onDemand(() =>
  import("./request/checks.ts")
);
const enginePart: OnDemand<Engine> = onDemand(() =>
  import("./store/engine.ts")
);
const revocationsPart: OnDemand<Revocations> = onDemand(() =>
  import("./store/revocations.ts")
);

const outgrownPart: OnDemand<typeof import("./store/outgrown.ts")> = onDemand(
  () => import("./store/outgrown.ts"),
);
const cookiePartsPart: OnDemand<CookieParts> = onDemand(() =>
  import("./request/cookie_parts.ts")
);

/** The parts that decide on a session besides its cookie. */
export interface DecidingParts {
  /** With the options `store`, `schema` or `revocations`. */
  readonly checks: Checks | undefined;
  /** With the option `store`. */
  readonly engine: Engine | undefined;
  /** With the option `revocations`. */
  readonly revocations: Revocations | undefined;
  /** With the option `overflow`. */
  readonly cutting: CookieParts | undefined;
}

/** The parts for a session that is written. */
export interface Parts extends DecidingParts {
  readonly writing: Writing;
}

/** Loads what a visit's options need to read a session. */
export function decidingPartsFor(
  visit: Visit,
): DecidingParts | Promise<DecidingParts> {
  const { settings } = visit;
  const checks = isChecked(settings) ? checksPart() : undefined;
  const engine = settings.store ? enginePart() : undefined;
  const revocations = settings.revocations ? revocationsPart() : undefined;
  const cutting = settings.overflow ? cookiePartsPart() : undefined;
  const all = [checks, engine, revocations, cutting];
  if (all.some((part) => part instanceof Promise)) {
    return Promise.all(all).then(() => decidingPartsFor(visit));
  }
  const parts = { checks, engine, revocations, cutting } as DecidingParts;
  visit.revoking = parts.revocations;
  visit.streaming = parts.engine;
  visit.cutting = parts.cutting;
  visit.outgrowing = outgrownPart;
  return parts;
}

/** Loads what a visit's options need to write a session. */
export function partsFor(visit: Visit): Parts | Promise<Parts> {
  const writing = writingPart();
  const others = decidingPartsFor(visit);
  return writing instanceof Promise || others instanceof Promise
    ? Promise.all([writing, others]).then(() => partsFor(visit))
    : { writing, ...others };
}

/* @__NO_SIDE_EFFECTS__ */
function onDemand<Part>(load: () => Promise<Part>): OnDemand<Part> {
  let part: Part | undefined;
  return () => part ?? load().then((loaded) => part = loaded);
}
