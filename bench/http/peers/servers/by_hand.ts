import { randomBytes } from "node:crypto";
import { createClient } from "redis";
import { data } from "../../data.ts";
import { sizeOf } from "./work.ts";

type Values = Partial<typeof data>;
type SetCookie = (line: string) => unknown;

/** What a request does, by its `Cookie` field. */
export interface ByHand {
  read(cookie: string | undefined): Promise<unknown>;
  write(cookie: string | undefined, set: SetCookie): Promise<unknown>;
  begin(cookie: string | undefined, set: SetCookie): Promise<unknown>;
  size(cookie: string | undefined): Promise<unknown>;
}

/**
 * The least that sessions in Redis cost: one `GET`, one `JSON.parse()`, one
 * blind `SET`. Nothing is signed, sealed, compared or moved on: no library can
 * be faster, and no program should do this.
 */
export async function byHand(url: string): Promise<ByHand> {
  const client = createClient({ url });
  client.on("error", (error) => console.error(error));
  await client.connect();

  const idOf = (cookie = "") => /(?:^|; )sid=([\w-]+)/.exec(cookie)?.[1];
  const get = async (id = ""): Promise<Values | undefined> => {
    const text = id && await client.get(id);
    return text ? JSON.parse(text) : undefined;
  };
  const keep = async (
    values: Values,
    set: SetCookie,
    known?: string,
  ): Promise<void> => {
    const id = known ?? randomBytes(32).toString("base64url");
    await client.set(id, JSON.stringify(values), { EX: 86_400 });
    if (known === undefined) set(`sid=${id}; HttpOnly; Path=/; SameSite=Lax`);
  };
  return {
    async read(cookie) {
      return (await get(idOf(cookie)))?.visits ?? "none";
    },
    async write(cookie, set) {
      const id = idOf(cookie);
      const values = await get(id);
      const visits = (values?.visits ?? 0) + 1;
      await keep({ ...values, visits }, set, values && id);
      return visits;
    },
    async begin(_cookie, set) {
      await keep(data, set);
      return sizeOf(data);
    },
    async size(cookie) {
      return sizeOf(await get(idOf(cookie)) ?? {});
    },
  };
}
