// The real Auth.js and NextAuth.
import { encode as encode5 } from "@auth/core/jwt";
import { encode as encode018 } from "auth-core018/jwt";
import { encode as encode4 } from "next-auth/jwt";

export const SECRET = "what was in AUTH_SECRET, for the servers of before";

/** Each with its usual names, and how it makes a token. */
export interface Maker {
  readonly isOld: boolean;
  readonly name: string;
  make(
    token: object,
    options?: { name?: string; secret?: string; maxAge?: number },
  ): Promise<string>;
}

export const MAKERS: Readonly<Record<string, Maker>> = {
  "Auth.js 5": {
    isOld: false,
    name: "authjs.session-token",
    make: (token, options) => encode5(withSalt(token, options)),
  },
  "@auth/core 0.18": {
    isOld: false,
    name: "authjs.session-token",
    make: (token, options) => encode018(withSalt(token, options)),
  },
  "NextAuth 4": {
    isOld: true,
    name: "next-auth.session-token",
    make: (token, { secret = SECRET, maxAge } = {}) =>
      encode4({ token: { ...token }, secret, ...maxAge && { maxAge } }),
  },
};

function withSalt(
  token: object,
  { name = "__Secure-authjs.session-token", secret = SECRET, maxAge }: {
    name?: string;
    secret?: string;
    maxAge?: number;
  } = {},
) {
  const more = maxAge ? { maxAge } : {};
  return { token: { ...token }, secret, salt: name, ...more };
}
