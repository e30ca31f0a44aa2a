import {
  answer,
  COOKIE,
  type Data,
  type Handler,
  next,
  type Subject,
} from "../subject.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const SPELLING = { alphabet: "base64url", omitPadding: true } as const;
/** Version, key id, salt and nonce; then the times and the id, sealed. */
const HEADER = 29;
const SHOWN = 17;
const IDLE = 86_400;
const CACHING = /cache-control$|^surrogate/;

/**
 * The same as `raw`, by hand, but with all that a session must not leave out:
 * what is between it and the library is the price of the library.
 */
export const subject: Subject = {
  name: "raw + duties",
  packages: [],
  protects: "encrypts",
  note: "raw with an id, authenticated header, canonical spelling, a second " +
    "cookie of the name, idle timeout, Vary and Cache-Control; a bad cookie " +
    "is cleared",
  role: "limit",
  kinds: ["read-first", "write-first", "forged"],
  async create({ secrets: [secret = ""], data }) {
    const bytes = Uint8Array.fromHex(secret);
    const usages: KeyUsage[] = ["encrypt", "decrypt"];
    const key = await crypto.subtle
      .importKey("raw", bytes, "AES-GCM", false, usages);
    const head = crypto.getRandomValues(new Uint8Array(SHOWN));

    async function open(token: string): Promise<Data | undefined> {
      try {
        const box = Uint8Array.fromBase64(token, SPELLING);
        if (box.toBase64(SPELLING) !== token || box[0] !== head[0]) return;
        const opened = await crypto.subtle.decrypt(
          parametersOf(box),
          key,
          box.subarray(HEADER),
        );
        const times = new DataView(opened);
        const now = Math.floor(Date.now() / 1000);
        if (times.getUint32(5) > now + 60 || times.getUint32(9) <= now) return;
        return JSON.parse(decoder.decode(new Uint8Array(opened, HEADER)));
      } catch {
        return undefined;
      }
    }

    async function seal(data: Data): Promise<string> {
      const text = encoder.encode("\0".repeat(HEADER) + JSON.stringify(data));
      const times = new DataView(text.buffer, text.byteOffset);
      const now = Math.floor(Date.now() / 1000);
      times.setUint32(1, now);
      times.setUint32(5, now);
      times.setUint32(9, now + IDLE);
      const box = new Uint8Array(HEADER + text.length + 16);
      box.set(head);
      box.set(crypto.getRandomValues(new Uint8Array(12)), SHOWN);
      const sealed = await crypto.subtle.encrypt(parametersOf(box), key, text);
      box.set(new Uint8Array(sealed), HEADER);
      return box.toBase64(SPELLING);
    }

    const read: Handler = async (request) => {
      const token = find(request);
      const session = token ? await open(token) : undefined;
      const response = answer(session?.count);
      if (token && !session) return mark(response, "", 0);
      response.headers.append("vary", "Cookie");
      response.headers.append("cache-control", "private");
      return response;
    };
    const write: Handler = async (request) => {
      const token = find(request);
      const session = token ? await open(token) : undefined;
      const count = next(session?.count);
      const response = answer(count);
      return mark(response, await seal({ ...session, count }), IDLE);
    };
    const start: Handler = async () =>
      mark(answer(data.count), await seal(data), IDLE);
    return { read, write, start };
  },
};

function parametersOf(box: Uint8Array<ArrayBuffer>): AesGcmParams {
  return {
    name: "AES-GCM",
    iv: box.subarray(SHOWN, HEADER),
    additionalData: box.subarray(0, SHOWN),
  };
}

/** The cookie; none where there are two. */
function find(request: Request): string | undefined {
  const header = request.headers.get("cookie") ?? "";
  const start = header.indexOf(`${COOKIE}=`);
  if (start < 0) return undefined;
  const end = header.indexOf(";", start);
  if (end > 0 && header.includes(`${COOKIE}=`, end)) return undefined;
  return header.slice(
    start + COOKIE.length + 1,
    end < 0 ? header.length : end,
  );
}

/** Sets the cookie, and sees to it that no cache keeps the response. */
function mark(response: Response, token: string, maxAge: number): Response {
  const { headers } = response;
  headers.append(
    "set-cookie",
    `${COOKIE}=${token}; Max-Age=${maxAge}; Path=/; HttpOnly; Secure; SameSite=Lax`,
  );
  headers.append("vary", "Cookie");
  for (const name of [...headers.keys()]) {
    if (CACHING.test(name)) headers.delete(name);
  }
  headers.set("cache-control", "no-store");
  return response;
}
