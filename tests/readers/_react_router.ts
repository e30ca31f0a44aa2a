import {
  reactRouter,
  type ReactRouterOptions,
} from "../../readers/react-router.ts";
import type { SessionReader } from "../../mod.ts";

export const SECRETS: readonly string[] = ["a newer secret", "an older secret"];

type Theirs = { user?: string; cart?: unknown[] };

export const THEIRS: Theirs = {
  user: "ada",
  cart: [1, { n: 2 }, "ü € 😀"],
};
/** What a handler sees of it. */
export const ADA: object = { user: "ada", data: { cart: THEIRS.cart } };
export const NOBODY: object = { user: null, data: {}, lines: [] };

/** The reader, for sessions as above. */
export function reader(
  more: Partial<ReactRouterOptions<Theirs>> = {},
): SessionReader {
  return reactRouter<Theirs>({
    secrets: SECRETS,
    until: "2100-01-01",
    map: ({ user, ...data }) => ({ user, data }),
    ...more,
  });
}

/** The line that removes its cookie. */
export const GONE = "__session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax";

/** A text with a good signature. */
export async function signed(
  text: string,
  secret: string | undefined = SECRETS[0],
): Promise<string> {
  const encoder = new TextEncoder();
  const key = await crypto.subtle.importKey(
    "raw",
    encoder.encode(secret),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign"],
  );
  const bytes = await crypto.subtle.sign("HMAC", key, encoder.encode(text));
  const signature = btoa(String.fromCharCode(...new Uint8Array(bytes)));
  return encodeURIComponent(`${text}.${signature.replace("=", "")}`);
}

/**
 * What Remix 2 set, recorded from `@remix-run/cloudflare` 2.17.5: user "ada",
 * cart [1, { n: 2 }, "ü € 😀"], and a flash value.
 */
export const REMIX =
  "eyJ1c2VyIjoiYWRhIiwiY2FydCI6WzEseyJuIjoyfSwiw7wg4oKsIPCfmIAiXSwiX19mbGFzaF9ub3RpY2VfXyI6IlNhdmVkIn0%3D.grDAxXkh9Ewf5lH8Zom2%2Fr82u97wpmLLMYDfjasonqM";
