import { getCookieCache } from "better-auth/cookies";
import { symmetricEncodeJWT } from "better-auth/crypto";
import { answer, type Data, type Handlers, type Setup } from "../subject.ts";

const NAME = "__Secure-better-auth.session_data";
const LIFETIME = 86_400;

/** Handlers for one way to keep its cookie cache. */
export function handlersWith(
  strategy: "compact" | "jwe",
  { secrets: [secret = ""], data }: Setup,
): Handlers {
  const options = { secret, strategy, isSecure: true } as const;
  return {
    async read(request) {
      const cache = await getCookieCache(request, options);
      const data = cache?.user?.["data"] as Data | undefined;
      return answer(data?.count);
    },
    async start() {
      const token = strategy === "jwe"
        ? await symmetricEncodeJWT(
          payloadOf(data),
          secret,
          "better-auth-session",
          LIFETIME,
        )
        : await encodeCompact(payloadOf(data), secret);
      const response = answer(data.count);
      response.headers.append("set-cookie", `${NAME}=${token}; Path=/; Secure`);
      return response;
    },
  };
}

/** A session as its database has it, with the data in a field of the user. */
function payloadOf(data: Data) {
  const now = new Date();
  const times = { createdAt: now, updatedAt: now };
  return {
    session: {
      id: "s4cT7vQx",
      token: "pM3kW8rZtY6uB1nA",
      userId: "7f3c9a1e",
      expiresAt: new Date(now.getTime() + LIFETIME * 1000),
      ...times,
    },
    user: {
      id: "7f3c9a1e",
      name: "Ada Lovelace",
      email: "ada@example.com",
      emailVerified: true,
      ...times,
      data,
    },
    updatedAt: now.getTime(),
    version: "1",
  };
}

/** Its compact form, which it only writes together with a database. */
async function encodeCompact(session: object, secret: string): Promise<string> {
  const encoder = new TextEncoder();
  const expiresAt = Date.now() + LIFETIME * 1000;
  const key = await crypto.subtle.importKey(
    "raw",
    encoder.encode(secret),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign"],
  );
  const text = encoder.encode(JSON.stringify({ ...session, expiresAt }));
  const base64url = (bytes: Uint8Array) =>
    bytes.toBase64({ alphabet: "base64url", omitPadding: true });
  const signature = base64url(
    new Uint8Array(await crypto.subtle.sign("HMAC", key, text)),
  );
  const all = JSON.stringify({ session, expiresAt, signature });
  return base64url(encoder.encode(all));
}
