import { createSessions } from "../src/create_sessions.ts";
import type { SessionOptions } from "../src/options/options.ts";
import type { AnyData } from "../src/session/session.ts";
import { Browser } from "./browser.ts";
import type { BrowserCookie } from "./browser/cookie.ts";

/**
 * A visitor who has signed in: in this form, Playwright takes it as
 * `storageState`.
 */
export interface SignedIn {
  /** The session's cookie; several if it is cut in parts. */
  readonly cookies: BrowserCookie[];
  /** What else a `storageState` has: nothing. */
  readonly origins: [];
  /** The same as a `Cookie` field: `name=value`. */
  readonly header: string;
}

/**
 * Signs a user in without a request: makes the session that a login would have
 * made, for a test that begins behind it. No event tells of it.
 *
 * @typeParam Data The shape of the data.
 * @param userId The user, as `session.login()` takes it.
 * @param data What the session holds.
 * @param options Those of the program: the same secret, cookie and, if there is
 * one, the same store, in which the session gets a record.
 * @param url An address of the program, which decides on the cookie's name.
 * Default: `https://example.com`, as in {@linkcode Browser}.
 * @throws {TypeError} If an option is wrong, or if no cookie can be kept at
 * this address.
 * @throws {SessionError} If the session cannot be saved.
 *
 * @example A test of a page behind the login
 * ```ts
 * import { generateSecret, withSession } from "with-session";
 * import { Browser, signedIn } from "with-session/testing";
 * import assert from "node:assert/strict";
 *
 * const options = { secret: generateSecret() };
 * const handler = withSession((_request, session) => {
 *   return new Response(`${session.userId}: ${session.get("plan")}`);
 * }, options);
 *
 * const ada = await signedIn("ada", { plan: "pro" }, options);
 * const browser = new Browser(handler, { cookies: ada.cookies });
 * const page = await browser.get("/account");
 * assert.equal(await page.text(), "ada: pro");
 * ```
 */
export async function signedIn<Data extends object = AnyData>(
  userId: string,
  data: Partial<Data>,
  options: SessionOptions<Data, boolean>,
  url = "https://example.com",
): Promise<SignedIn> {
  const sessions = createSessions<AnyData>({
    ...options as SessionOptions,
    when: undefined,
    onEvent: () => {},
  });
  const address = new URL(options.cookie?.path ?? "/", url).href;
  const session = await sessions.open(new Request(address));
  session.login(userId);
  for (const [key, value] of Object.entries(data)) session.set(key, value);
  const response = await sessions.commit(session, new Response());
  const browser = new Browser(() => response, {
    origin: address,
    ...options.now && { now: options.now },
  });
  await browser.get(address);
  const cookies = browser.cookies();
  if (cookies.length === 0) {
    throw new TypeError(
      `No cookie is kept at ${new URL(url).origin}: take an address on https ` +
        "or localhost, and within cookie.domain",
    );
  }
  const header = cookies.map(({ name, value }) => `${name}=${value}`)
    .join("; ");
  return { cookies, origins: [], header };
}
