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
const NONCE = 12;

/** What no library that encrypts can leave out, and nothing else. */
export const subject: Subject = {
  name: "raw",
  packages: [],
  protects: "encrypts",
  note: "cookie cut out, base64url, one AES-256-GCM call with a ready key, " +
    "JSON; no expiry, no rotation, no binding to the cookie's name",
  role: "raw",
  kinds: ["read-seen", "write-seen", "forged"],
  async create({ secrets: [secret = ""], data }) {
    const bytes = Uint8Array.fromHex(secret);
    const usages: KeyUsage[] = ["encrypt", "decrypt"];
    const key = await crypto.subtle
      .importKey("raw", bytes, "AES-GCM", false, usages);

    async function open(request: Request): Promise<Data | undefined> {
      const header = request.headers.get("cookie") ?? "";
      const start = header.indexOf(`${COOKIE}=`);
      if (start < 0) return undefined;
      const end = header.indexOf(";", start);
      const token = header.slice(
        start + COOKIE.length + 1,
        end < 0 ? header.length : end,
      );
      try {
        const box = Uint8Array.fromBase64(token, { alphabet: "base64url" });
        const iv = box.subarray(0, NONCE);
        const text = await crypto.subtle
          .decrypt({ name: "AES-GCM", iv }, key, box.subarray(NONCE));
        return JSON.parse(decoder.decode(text));
      } catch {
        return undefined;
      }
    }

    async function keep(response: Response, data: Data): Promise<Response> {
      const iv = crypto.getRandomValues(new Uint8Array(NONCE));
      const text = encoder.encode(JSON.stringify(data));
      const box = await crypto.subtle
        .encrypt({ name: "AES-GCM", iv }, key, text);
      const bytes = new Uint8Array(NONCE + box.byteLength);
      bytes.set(iv);
      bytes.set(new Uint8Array(box), NONCE);
      const token = bytes.toBase64({
        alphabet: "base64url",
        omitPadding: true,
      });
      response.headers.append(
        "set-cookie",
        `${COOKIE}=${token}; Max-Age=86400; Path=/; HttpOnly; Secure; SameSite=Lax`,
      );
      return response;
    }

    const read: Handler = async (request) => {
      const session = await open(request);
      return answer(session?.count);
    };
    const write: Handler = async (request) => {
      const session = await open(request);
      const count = next(session?.count);
      return keep(answer(count), { ...session, count });
    };
    return { read, write, start: () => keep(answer(data.count), data) };
  },
};
