// What is loaded when it is first needed, and kept: even of a module that is
// there, `import()` takes microseconds (docs/decisions/017-loaded-when-asked-for.md).
// Nothing that is loaded from here imports this module.

import { isChecked } from "./options/settings.ts";
import type { Visit } from "./session/state.ts";

type Writing = typeof import("./request/writing.ts");
type Checks = typeof import("./checks/checks.ts");
type Engine = typeof import("./store/engine.ts");
type Revocations = typeof import("./checks/revocations.ts");

/** What a session needs that is written, or about which others are asked. */
export interface Parts {
  readonly writing: Writing;
  /** Of options with a store, a schema or `revocations`. */
  readonly checks?: Checks | undefined;
  /** Of options with a store. */
  readonly engine?: Engine | undefined;
  /** Of options with `revocations`. */
  readonly revocations?: Revocations | undefined;
}

let writing: Writing | undefined;
let checks: Checks | undefined;
let engine: Engine | undefined;
let revocations: Revocations | undefined;

/** The parts that a visit's options ask for; at once where they are there. */
export function partsFor(visit: Visit): Parts | Promise<Parts> {
  const { settings } = visit;
  const isMissing = !writing ||
    isChecked(settings) && !checks ||
    settings.store && !engine ||
    settings.revocations && !revocations;
  if (isMissing) return loadParts(visit);
  if (settings.revocations) visit.revoking = revocations as Revocations;
  if (settings.store) visit.mayStream = (engine as Engine).isStreamed;
  return {
    writing: writing as Writing,
    checks: isChecked(settings) ? checks : undefined,
    engine: settings.store && engine,
    revocations: settings.revocations && revocations,
  };
}

async function loadParts(visit: Visit): Promise<Parts> {
  const { settings } = visit;
  await Promise.all([sealPart(), setCookiePart()]);
  writing ??= await import("./request/writing.ts");
  if (isChecked(settings)) checks ??= await import("./checks/checks.ts");
  if (settings.store) engine ??= await import("./store/engine.ts");
  if (settings.revocations) {
    revocations ??= await import("./checks/revocations.ts");
  }
  return partsFor(visit);
}

type Address = typeof import("./request/address.ts");
type SeveralCookies = typeof import("./request/several_cookies.ts");
type Nested = typeof import("./request/nested.ts");
type Csrf = typeof import("./http/csrf.ts");

type Decoded = typeof import("./http/decoded.ts");
type SetCookie = typeof import("./http/set_cookie.ts");
type Seal = typeof import("./token/seal.ts");

let address: Address | undefined;
let several: SeveralCookies | undefined;
let nested: Nested | undefined;
let csrf: Csrf | undefined;
let decoded: Decoded | undefined;
let setCookie: SetCookie | undefined;
let seal: Seal | undefined;

/** For a cookie with a path, or on the machine itself. */
export async function addressPart(): Promise<Address> {
  return address ??= await import("./request/address.ts");
}

/** For a request with several cookies of one name. */
export async function severalCookiesPart(): Promise<SeveralCookies> {
  return several ??= await import("./request/several_cookies.ts");
}

/** For a handler within another one. */
export async function nestedPart(): Promise<Nested> {
  return nested ??= await import("./request/nested.ts");
}

/** For the option `csrf`. */
export async function csrfPart(): Promise<Csrf> {
  return csrf ??= await import("./http/csrf.ts");
}

/** For an answer of `fetch()` that was compressed. */
export async function decodedPart(): Promise<Decoded> {
  return decoded ??= await import("./http/decoded.ts");
}

/** For a response that sets a cookie. */
export function setCookiePart(): SetCookie | Promise<SetCookie> {
  return setCookie ?? import("./http/set_cookie.ts").then(async (part) => {
    await part.tryClone();
    return setCookie = part;
  });
}

/** For a new token. */
export function sealPart(): Seal | Promise<Seal> {
  return seal ?? import("./token/seal.ts").then((part) => seal = part);
}
