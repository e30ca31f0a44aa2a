// Options of any kind: each is refused by a `TypeError` or `RangeError` that
// names it and quotes nothing, or it works, with a cookie that browsers keep.

import assert from "node:assert/strict";
import { createSessions, withSession } from "../../../mod.ts";
import { OPTIONS as RULES } from "../../../src/options/rules.ts";
import { SECRET } from "../../../tests/shared/format.ts";
import { Choices, type Target, tellsNothing } from "../target.ts";

const NAMES = [...Object.keys(RULES), "maxAge", "secrets"];
const COOKIE = [
  ...["name", "domain", "path", "sameSite", "secure", "partitioned"],
  ...["priority", "maxBytes", "previous", "httpOnly"],
];
const NUMBERS = [0, 1, -1, 59, 60, 0.5, 256, 4096, 4097, 3600, 86_400, 300_000]
  .concat([34_560_000, 34_560_001, 2 ** 32, NaN, Infinity, -0, 1e300]);
const store = {
  consistency: "strong",
  create: () => Promise.resolve(true),
  get: () => Promise.resolve(null),
  update: () => Promise.resolve("ok"),
  delete: () => Promise.resolve(),
};
const schema = {
  "~standard": {
    version: 1,
    vendor: "fuzz",
    validate: (value: unknown) => ({ value }),
  },
};
const OTHERS: readonly unknown[] = [
  ...[undefined, null, true, false, "auto", "cookie", "store", "throw"],
  ...["anonymous", "Strict", "Lax", "None", "High", [], {}, [[]], new Map()],
  ...[Symbol("s"), 1n, SECRET, [SECRET], new Date(0), /x/, Promise.resolve()],
  ...[store, { ...store, consistency: "eventual" }, { ...store, evicts: true }],
  ...[() => store, () => true, async () => {}, class {}, schema, JSON],
  ...[Object.create(null), Object.create({ path: "/a" }), new Proxy({}, {})],
  ...[{ constructor: { name: Symbol("n") } }, "\ud800"],
];

export const target: Target = {
  about: "choices, and texts for options",
  words: [
    ...[
      "__Host-a",
      "__Secure-a",
      "__Http-",
      "a",
      "example.com",
      "/",
      "/a",
      ".",
    ],
    ...["example.org", "https://example.com", "\n", "é", "%41", " ", ";", "*"],
    ...[SECRET, "keyboard cat keyboard cat keyboard cat"],
  ],
  seeds: () => [
    "",
    "a\nx",
    // Of a cookie: a name and a path, a name and a domain, a path and a domain.
    "\x01\x11\x01\x02\x00\x01\x02\x01\n__host-a\n/a",
    "\x01\x11\x01\x02\x00\x01\x01\x01\n__Host-a\nexample.com",
    "\x01\x11\x01\x02\x02\x01\x01\x01\n/a;b\nexample.com",
    ..."0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".split("").flatMap((letter, i) => [
      `b${letter}a${letter}a\n/a`,
      `b\u0013c${String.fromCharCode(i)}a${letter}b${letter}\nexample.com\n/a`,
    ]),
  ],
  async run(input) {
    const choices = new Choices(input);
    const texts = input.split("\n").slice(1).join(" ");
    const options: Record<string, unknown> = { secret: SECRET };
    for (let count = choices.below(4); count > 0; count--) {
      const name = choices.pick(NAMES);
      options[name] = name === "cookie" && choices.below(4)
        ? objectOf(choices)
        : valueOf(choices);
    }
    const isWith = choices.below(2) === 0;
    let handle: (request: Request) => Promise<Response>;
    try {
      if (!isWith) createSessions(options as never);
      handle = withSession((_request, session) => {
        session.set("a", 1);
        return new Response("ok");
      }, options as never);
    } catch (error) {
      refusedWell(error, options, texts);
      return;
    }
    if (!isUsable(options)) return;
    const cookie = Object(options["cookie"]);
    const host = `${cookie.domain ?? "example.com"}`.replace(/^\./, "");
    const url = `https://${host}${cookie.path ?? "/"}`;
    const response = await handle(new Request(url));
    assert.equal(await response.text(), "ok");
    const [line] = response.headers.getSetCookie();
    assert.ok(line, "no cookie is set");
    assert.equal(whyDropped(line, new URL(url)), undefined, line);
    // Nothing that was given has become something else on the way.
    const [pair = "", ...said] = line.split(";")
      .map((part) => part.trim());
    if (cookie.name) assert.ok(pair.startsWith(`${cookie.name}=`), line);
    assert.ok(said.includes(`Path=${cookie.path ?? "/"}`), line);
    if (cookie.domain) assert.ok(said.includes(`Domain=${cookie.domain}`));
  },
};

function objectOf(choices: Choices): Record<string, unknown> {
  const made: Record<string, unknown> = {};
  for (let count = choices.below(4); count > 0; count--) {
    made[choices.pick(COOKIE)] = valueOf(choices);
  }
  return made;
}

function valueOf(choices: Choices): unknown {
  switch (choices.below(5)) {
    case 0:
      return choices.pick(NUMBERS);
    case 1:
    case 2:
      return choices.text();
    case 3:
      return [choices.pick(OTHERS), choices.text()];
    default:
      return choices.pick(OTHERS);
  }
}

function refusedWell(
  error: unknown,
  options: Record<string, unknown>,
  texts: string,
): void {
  const isKind = error instanceof TypeError || error instanceof RangeError;
  if (!isKind) throw new Error("Another kind of error", { cause: error });
  const named = /^Option ([\w.[\]]+)/.exec(error.message)?.[1];
  if (!named) throw new Error("No option is named", { cause: error });
  const name = named.split(/[.[]/)[0] as string;
  const isGiven = name in options;
  if (!isGiven && !/^(secret|idleTimeout)$/.test(name)) {
    throw new Error("Another option is named", { cause: error });
  }
  assert.ok(!error.message.includes(SECRET));
  // What there is to choose from is no input.
  const [message] = error.message.split(": there is ");
  tellsNothing({ message }, texts);
}

/** Whether a request can be made with these options, without a real clock. */
function isUsable(options: Record<string, unknown>): boolean {
  const { now, when, store, revocations, codec, schema } = options;
  return now === undefined && when === undefined && schema === undefined &&
    (codec === undefined || codec === JSON) && revocations === undefined &&
    (store === undefined || typeof store === "object") &&
    options["lazy"] !== true && Object(options["cookie"]).secure !== false &&
    Object(options["cookie"]).path !== null;
}

/** Why a browser would not keep a cookie (RFC 6265bis §5.6, §5.7). */
function whyDropped(line: string, { hostname, pathname }: URL) {
  const [pair = "", ...rest] = line.split(";");
  const name = pair.slice(0, pair.indexOf("="));
  const attributes = new Map(rest.map((each) => {
    const [key = "", ...value] = each.trim().split("=");
    return [key.toLowerCase(), value.join("=")] as const;
  }));
  const has = (key: string) => attributes.has(key);
  if (!name || /[^\x21-\x7e]|[;=]/.test(name)) return "name";
  if (pair.length - 1 > 4096) return "size";
  if ([...attributes.values()].some(({ length }) => length > 1024)) {
    return "attribute";
  }
  const domain = attributes.get("domain")?.replace(/^\./, "").toLowerCase();
  const isHost = !domain || hostname === domain ||
    hostname.endsWith(`.${domain}`);
  if (!isHost) return "domain";
  const path = attributes.get("path") ?? "";
  if (!pathname.startsWith(path)) return "path";
  if (/^__(secure|host|http)-/i.test(name) && !has("secure")) return "prefix";
  if (/^__host-/i.test(name) && (has("domain") || path !== "/")) return "host";
  if (/^__(host-)?http-/i.test(name) && !has("httponly")) return "http";
  if (attributes.get("samesite") === "None" && !has("secure")) return "none";
  if (has("partitioned") && !has("secure")) return "partitioned";
  const age = attributes.get("max-age");
  if (age !== undefined && !/^[1-9]\d*$/.test(age)) return "age";
  return undefined;
}
