import { readCookie } from "../http/cookie.ts";
import { readOn } from "../options/check.ts";
import type { SessionCookie, Settings } from "../options/settings.ts";

// Browsers have other cookies for `localhost` than for `127.0.0.1`. Nothing
// fails where a page of the one asks the other: the visitor is a new one.

const NAMES = /^http:\/\/(localhost|127\.0\.0\.1|\[::1])(?=[:/]|$)/;

const warned = new WeakSet<Settings>();

/**
 * Warns a program once if a page of this machine asks for it by another name
 * of the machine, and so without the session that it may have there.
 *
 * @param headers By names as the platform has them.
 */
export function warnOfOtherHost(
  settings: Settings,
  cookie: SessionCookie,
  url: string,
  headers: readonly (readonly [name: string, value: string])[],
): void {
  if (warned.has(settings)) return;
  const valueOf = (field: string) =>
    headers.find(([name]) => name.toLowerCase() === field)?.[1] ?? "";
  // A proxy of a development server has another name, too: there, the browser
  // says that it is the same site.
  if (valueOf("sec-fetch-site") !== "cross-site") return;
  const [, here] = NAMES.exec(url) ?? [];
  const [, there] = NAMES.exec(valueOf("referer")) ?? [];
  if (!here || !there || here === there) return;
  if (readCookie(valueOf("cookie"), cookie) !== undefined) return;
  warned.add(settings);
  // deno-lint-ignore no-console
  console.warn(
    `A page at ${there} asked ${here}, where the browser has other cookies, ` +
      `and so another session: use one name${readOn("other-host")}`,
  );
}
