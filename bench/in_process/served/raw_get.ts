import { answer, COOKIE, type Data, next, type Subject } from "../subject.ts";
import { client } from "./redis_client.ts";

const LIFETIME = { EX: 86_400 };

/** What no library that keeps sessions in Redis can leave out. */
export const subject: Subject = {
  name: "raw GET",
  packages: ["redis"],
  protects: "none",
  note: "cookie cut out, one GET by node-redis, JSON; to write one SET; the " +
    "cookie is a plain random id",
  group: "redis",
  role: "raw",
  hasStore: true,
  kinds: ["read-seen", "write-seen", "forged"],
  create({ data }) {
    async function read(request: Request): Promise<Data | undefined> {
      const id = cutOut(request.headers.get("cookie") ?? "");
      return id === undefined ? undefined : await load(id);
    }
    return {
      read: async (request) => answer((await read(request))?.count),
      async write(request) {
        const id = cutOut(request.headers.get("cookie") ?? "") ?? "";
        const session = await load(id);
        const count = next(session?.count);
        await keep(id, { ...session, count });
        return answer(count);
      },
      async start() {
        const id = crypto.randomUUID();
        await keep(id, data);
        const response = answer(data.count);
        response.headers.append(
          "set-cookie",
          `${COOKIE}=${id}; Path=/; Secure`,
        );
        return response;
      },
    };
  },
};

/** The value of the cookie in a `Cookie` field. */
export function cutOut(header: string): string | undefined {
  const start = header.indexOf(`${COOKIE}=`);
  if (start < 0) return undefined;
  const end = header.indexOf(";", start);
  return header.slice(start + COOKIE.length + 1, end < 0 ? undefined : end);
}

/** Reads a session. */
export async function load(id: string): Promise<Data | undefined> {
  const text = await client.get(`raw:${id}`);
  return text === null ? undefined : JSON.parse(text);
}

/** Writes a session. */
export async function keep(id: string, data: Data): Promise<void> {
  await client.set(`raw:${id}`, JSON.stringify(data), LIFETIME);
}
