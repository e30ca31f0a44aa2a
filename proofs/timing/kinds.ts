import { createSessions, type SessionOptions, withSession } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { badCookies } from "../../tests/shared/bad_cookies.ts";
import {
  bodyOf,
  craft,
  filled,
  NOW,
  SECRET,
} from "../../tests/shared/format.ts";
import { turn } from "../../tests/shared/support.ts";

/** How far a cookie gets: its time should depend on nothing else. */
export type Stage =
  | "no cookie"
  | "refused by its text"
  | "one decryption"
  | "a derivation, one decryption"
  | "remembered"
  | "remembered, asks the store";

/** A request that is measured. */
export interface Kind {
  readonly name: string;
  readonly stage: Stage;
  ask(): Promise<Response>;
  make(): void;
}

/** Two kinds whose difference would tell something secret. */
export interface Pair {
  readonly one: string;
  readonly other: string;
  /** What somebody could do who could tell them apart. */
  readonly risk: string;
}

const URL_HERE = "https://example.com/";
const now = () => NOW * 1000;

/** Sessions of one kind: what answers, and a token that opens. */
async function place(more: Partial<SessionOptions>) {
  const options = { secret: SECRET, now, ...more };
  const sessions = createSessions(options);
  const begin = async () => {
    const session = sessions.create();
    session.login("ada");
    return await sessions.seal(session);
  };
  const handle = withSession((_request, session) => {
    return new Response(session.userId ?? "nobody");
  }, { ...options, lazy: false });
  return { sessions, begin, handle, good: await begin() };
}

/** All kinds that are measured, ready to be asked. */
export async function allKinds(): Promise<Kind[]> {
  const kinds: Kind[] = [];
  const add = (
    stage: Stage,
    name: string,
    { handle }: Awaited<ReturnType<typeof place>>,
    token: string | ((change: number) => string),
  ) => {
    let request: Request;
    // One text may have bad luck, in a table of hashes say; 255 have the same.
    const tokens = Array.from(
      { length: 255 },
      (_, i) => typeof token === "string" ? token : token(i + 1),
    );
    let turns = 0;
    kinds.push({
      name,
      stage,
      // Made before the clock starts: a server has it anyway.
      make() {
        const headers = new Headers({ "sec-fetch-dest": "document" });
        const token = tokens[turns++ % tokens.length];
        if (token) headers.set("cookie", `__Host-sid=${token}`);
        request = new Request(URL_HERE, { headers });
      },
      ask: () => handle(request),
    });
  };

  const sealed = await place({});
  const { good } = sealed;
  const material = { secret: SECRET, purpose: "session", good, now: NOW };
  const bad = new Map(
    (await badCookies(material)).map(({ kind, token }) => [kind, token]),
  );
  const named = (stage: Stage, name: string) =>
    add(stage, name, sealed, bad.get(name) as string);
  add("no cookie", "none", sealed, "");
  named("refused by its text", "a word");
  named("refused by its text", "over-long");
  named("refused by its text", "garbage");
  named("refused by its text", "of version 2");
  /** Turns bits of one byte of a good token, in each way there is. */
  const turned = (stage: Stage, name: string, token: string, at: number) =>
    add(stage, name, sealed, (bits) => turn(token, at, bits));
  turned("refused by its text", "of another secret", good, 4);
  const once = "one decryption";
  turned(once, "tag wrong in its first byte", good, -16);
  turned(once, "the same once more", good, -16);
  turned(once, "tag wrong in its last byte", good, -1);
  turned(once, "body wrong in its first byte", good, 29);
  turned(once, "body wrong in its last byte", good, -17);
  turned(once, "nonce wrong", good, 17);
  named(once, "not UTF-8");
  named(once, "of a newer format");
  const elsewhere = (context: string[], salt: number) =>
    craft({ secret: SECRET, context, salt: filled(12, salt), body: bodyOf() });
  const known = 0xa5;
  const other = 0x77;
  const name = "__Host-a";
  const cookie = await elsewhere(["session", name], known);
  turned(once, "of another cookie", cookie, 17);
  const purpose = await elsewhere(["csrf", "__Host-sid"], known);
  turned(once, "of another purpose", purpose, 17);
  const derived = "a derivation, one decryption";
  turned(derived, "salt wrong", good, 5);
  const both = await elsewhere(["session", name], other);
  turned(derived, "salt and cookie wrong", both, 17);
  named("remembered", "with an end long ago");
  named("remembered", "from ahead");
  add("remembered", "a good one", sealed, good);
  const forgetful = await place({ tokenCache: 0 });
  add(once, "a good one, tokenCache: 0", forgetful, forgetful.good);
  const ended = bad.get("with an end long ago") as string;
  add(once, "with an end long ago, tokenCache: 0", forgetful, ended);
  const stored = await place({ store: new MemoryStore({ now }) });
  const asks = "remembered, asks the store";
  add(asks, "a good one, in a store", stored, stored.good);
  for (const name of ["logged out, in a store", "revoked, in a store"]) {
    const token = await stored.begin();
    const session = await stored.sessions.unseal(token);
    if (name.startsWith("revoked")) {
      await stored.sessions.revoke("ada", session?.id ?? "");
    } else {
      session?.destroy();
      await session?.save();
    }
    add(asks, name, stored, token);
  }
  return kinds;
}

/** Which kinds must not be told apart by their time. */
export const PAIRS: readonly Pair[] = [
  {
    one: "tag wrong in its first byte",
    other: "the same once more",
    risk: "none: it is the same twice, and shows that the measure is fair",
  },
  {
    one: "tag wrong in its first byte",
    other: "tag wrong in its last byte",
    risk: "a tag could be guessed byte by byte",
  },
  {
    one: "body wrong in its first byte",
    other: "body wrong in its last byte",
    risk: "data could be guessed byte by byte",
  },
  {
    one: "tag wrong in its first byte",
    other: "body wrong in its first byte",
    risk: "decrypted text would be looked at before the tag",
  },
  {
    one: "tag wrong in its first byte",
    other: "of another cookie",
    risk: "it would show for which other cookies a secret is used",
  },
  {
    one: "salt wrong",
    other: "salt and cookie wrong",
    risk: "the same",
  },
  {
    one: "of another cookie",
    other: "of another purpose",
    risk: "it would show what else a secret is used for",
  },
];
