import { cryptoCalls } from "../../../tests/shared/crypto_calls.ts";
import {
  type AnyData,
  type SessionOptions,
  withSession,
} from "../../../mod.ts";
import { forge, receive, requestWith } from "../jar.ts";
import { requestOf } from "../kinds.ts";
import {
  answer,
  type Handlers,
  next,
  type Setup,
  type Subject,
} from "../subject.ts";

/** Handlers as a user of the library writes them. */
export function handlersWith(
  { data }: Setup,
  options: Omit<SessionOptions, "lazy">,
): Handlers {
  return {
    untouched: withSession(
      () => new Response("ok"),
      { ...options, lazy: true },
    ),
    read: withSession<AnyData>(
      (_request, session) => answer(session.get("count")),
      options,
    ),
    write: withSession<AnyData>(
      (_request, session) => answer(session.update("count", next)),
      options,
    ),
    start: withSession<AnyData>((_request, session) => {
      for (const [key, value] of Object.entries(data)) session.set(key, value);
      return answer(data.count);
    }, options),
  };
}

/** Options for a set-up; what was opened is kept unless it says no. */
function optionsFor({ secrets, now, firstSight }: Setup) {
  return {
    secret: secrets,
    ...now && { now },
    ...firstSight && { tokenCache: 0 },
  };
}

/** The library, with its data in the cookie. */
export const subject: Subject = {
  name: "with-session",
  packages: ["with-session"],
  protects: "encrypts",
  note: "defaults: AES-256-GCM, idle and absolute timeouts, bound to the " +
    "cookie's name; with lazy: true where the session is not asked for",
  kinds: [
    "untouched",
    "anonymous",
    "read-seen",
    "read-first",
    "write-seen",
    "write-first",
    "forged",
    "forged-background",
    "malformed",
    "rotated",
    "renewal",
  ],
  create: (setup) => handlersWith(setup, optionsFor(setup)),
  async prove(setup) {
    const same = new Response("ok");
    const pass = withSession(
      () => same,
      { ...optionsFor(setup), lazy: true },
    );
    const handlers = handlersWith(setup, optionsFor(setup));
    const nobody = requestWith(new Map());
    const jar = receive(await handlers.start(nobody));
    if (await pass(requestWith(jar)) !== same) {
      throw new Error("with-session does not pass the same response on");
    }
    for (const kind of ["forged", "forged-background"] as const) {
      const response = await handlers.read(requestOf(kind, forge(jar)));
      const lines = response.headers.getSetCookie();
      const clearing = lines.filter((line) => /; Max-Age=0;/.test(line));
      const wanted = kind === "forged" ? 1 : 0;
      if (lines.length !== wanted || clearing.length !== wanted) {
        throw new Error(`with-session answers ${kind} with other cookies`);
      }
    }
    const first = { ...setup, firstSight: true };
    const { read, start } = handlersWith(first, optionsFor(first));
    const again = receive(await start(nobody));
    await read(requestWith(again));
    const { decrypt } = await cryptoCalls(async () =>
      await read(requestWith(again))
    );
    if (decrypt !== 1) {
      throw new Error(
        "with-session keeps what it should see for the first time",
      );
    }
  },
};
