import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { compile, compilers, type Compiling, importing } from "./consumer.ts";
import { subpaths } from "./doors.ts";
import { pack, type Packed } from "./packed.ts";

// All that TypeScript 5.8 and newer have, but for `classic`, which looks into
// no package: 7 has no `node10` any more.
const WAYS: readonly Compiling[] = [
  { compiler: "TypeScript 7", resolution: "nodenext", ending: "mts" },
  { compiler: "TypeScript 7", resolution: "nodenext", ending: "cts" },
  { compiler: "TypeScript 7", resolution: "node16", ending: "mts" },
  { compiler: "TypeScript 7", resolution: "node16", ending: "cts" },
  { compiler: "TypeScript 7", resolution: "bundler" },
  { compiler: "TypeScript 5.8", resolution: "nodenext", ending: "mts" },
  { compiler: "TypeScript 5.8", resolution: "nodenext", ending: "cts" },
  { compiler: "TypeScript 5.8", resolution: "node16", ending: "mts" },
  { compiler: "TypeScript 5.8", resolution: "node16", ending: "cts" },
  { compiler: "TypeScript 5.8", resolution: "bundler" },
  { compiler: "TypeScript 5.8", resolution: "node10" },
];

const HEAD = `
import {
  createSessions, type Session, type SessionOptions, type Sessions,
  withSession, withSessions,
} from "with-session";
import { sessions } from "with-session/hono";
export interface Shop { cart: string[]; visits: number; note?: string }
export interface Env { SESSION_SECRET: string }
declare const secret: string;
`;

/** Lines that a consumer may well write. */
const GOOD = `
const options: SessionOptions<Shop> = { secret };
withSession(() => new Response(), options);
withSession((_request, session) => {
  const note: string | undefined = session.get("note");
  return new Response(note);
}, options);
sessions(options);
withSessions({ auth: options }, (_request, { auth }) => {
  const note: string | undefined = auth.get("note");
  return new Response(note);
});
const shop: Sessions<Shop> = createSessions(options);
const any: Sessions = shop;
const anything = (session: Session) => session.get("cart");
const carts = (session: Session<{ cart: string[] }>) => session.get("cart");
anything(shop.create());
carts(shop.create());
withSession<Shop>((_request, session, env: Env) => {
  session.set("note", env.SESSION_SECRET);
  return new Response();
}, (env) => ({ secret: env.SESSION_SECRET }));
withSession(async (_request, open: () => Promise<Session<Shop>>) => {
  (await open()).set("visits", 1);
  return new Response();
}, { secret, lazy: true });
export { any };
`;

// What these have of Node and of Workers wants types of theirs; see also
// `doors_types.ts`.
const OF_PLATFORMS = ["./express", "./nuxt", "./stores/durable-object"];
const SUBPATHS = subpaths.filter((subpath) => !OF_PLATFORMS.includes(subpath))
  .map((subpath) => subpath.slice(1));

const OK = "() => new Response()";
/** Lines that are wrong, and what the compiler's words must name. */
const BAD: readonly (readonly [line: string, named: RegExp])[] = [
  [`withSession(${OK}, { secret, idleTimout: 3 })`, /idleTimout/],
  [`withSession<Shop>(${OK}, { secret, idleTimout: 3 })`, /idleTimout/],
  [
    `withSession((_r, s) => new Response(s.id), { secret, idleTimout: 3 })`,
    /idleTimout/,
  ],
  [
    `withSession(async (_r, open) => new Response((await open()).id), { secret, lazy: true, idleTimout: 3 })`,
    /idleTimout/,
  ],
  [`sessions({ secret, idleTimout: 3 })`, /idleTimout/],
  [`sessions({ secret, lazy: true, idleTimout: 3 })`, /idleTimout/],
  [`withSessions({ auth: { secret, idleTimout: 3 } }, ${OK})`, /idleTimout/],
  [
    `withSessions({ auth: { secret }, prefs: { secret, idleTimout: 3 } }, (_r, { auth }) => new Response(auth.id))`,
    /idleTimout/,
  ],
  [`createSessions({ secret, idleTimout: 3 })`, /idleTimout/],
  [`createSessions<Shop>({ secret, idleTimout: 3 })`, /idleTimout/],
  [`const o: SessionOptions<Shop> = { secret, idleTimout: 3 }`, /idleTimout/],
  [`withSession(${OK}, { secret, cookie: { nam: "sid" } })`, /'nam'/],
  [`withSession((_r, s) => { s.set("a", 1); }, { secret })`, /Type 'void'/],
  [`withSession(() => "text", { secret })`, /Type 'string'/],
  [`withSession((_r, s) => new Response(s.user), { secret })`, /'user'/],
  [`withSession(${OK}, {})`, /SessionOptions/],
  [`withSession(${OK})`, /Expected 2 arguments, but got 1/],
  [`withSession(${OK}, { secret, idleTimeout: "1h" })`, /'string'.*'number/],
  [
    `withSession<Shop>((_r, s) => { s.set("basket", 1); return new Response(); }, { secret })`,
    /basket/,
  ],
];

describe("package of a consumer", () => {
  let packed: Packed;
  before(async () => {
    packed = await pack();
  });
  after(() => packed?.[Symbol.asyncDispose]());

  for (const way of WAYS) {
    const { compiler, resolution, ending } = way;
    const what = [compiler, resolution, ending].filter(Boolean).join(", ");
    it(`is found with its types by ${what}`, async () => {
      // Types of the newest Node want those of the newest TypeScript.
      const isNew = compiler === "TypeScript 7";
      const types = isNew ? ["node"] : [];
      const more = isNew ? ["/express", "/nuxt"] : [];
      const program = HEAD + GOOD + importing([...SUBPATHS, ...more]);
      await compile(packed.project, { ...way, types }, program);
    });
  }

  for (const compiler of Object.keys(compilers)) {
    it(`hears from ${compiler} what is wrong`, async () => {
      const lines = BAD.map(([line]) => `${line};\n`);
      const program = HEAD + lines.join("");
      const errors = await errorsOf(compile(
        packed.project,
        { compiler, resolution: "nodenext" },
        program,
      ));
      const first = HEAD.split("\n").length;
      BAD.forEach(([line, named], index) => {
        const said = errors.get(first + index) ?? [];
        assert.equal(said.length, 1, `${line}\n${said.join("\n")}`);
        assert.match(said[0] ?? "", named, line);
        assert.doesNotMatch(said[0] ?? "", /No overload matches/);
      });
      assert.equal(errors.size, BAD.length);
    });
  }
});

/** What a compiler that does not succeed has said, by line. */
async function errorsOf(
  compiled: Promise<void>,
): Promise<Map<number, string[]>> {
  const output = await compiled.then(
    () => assert.fail("It compiles"),
    ({ message }: Error) => message,
  );
  const errors = new Map<number, string[]>();
  for (const error of output.split(/^ *(?=\S*consumer\.ts\()/m).slice(1)) {
    const line = Number(/\((\d+),/.exec(error)?.[1]);
    errors.set(line, [...errors.get(line) ?? [], error]);
  }
  return errors;
}
