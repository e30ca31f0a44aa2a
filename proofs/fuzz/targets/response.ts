// Responses of all kinds through `withSession`: a session that is not touched
// changes nothing; one that is read or written follows the rules of
// docs/security.md, and the body, the status and the handler's own cookies stay.

import assert from "node:assert/strict";
import { type Session, withSession } from "../../../mod.ts";
import { Choices, fieldOf, OPTIONS, type Target, URL_HERE } from "../target.ts";

type Touch = (session: Session) => void;
const nothing: Touch = () => {};
const read: Touch = (session) => void session.get("a");
const write: Touch = (session) => session.set("a", 1);
const signIn: Touch = (session) => session.login("ada");
const end: Touch = (session) => session.destroy();
const TOUCHES = [nothing, read, write, signIn, end];

const NAMES = [
  ...["cache-control", "vary", "set-cookie", "content-type", "x-a"],
  ...["cdn-cache-control", "surrogate-control", "edge-control", "age"],
  ...["x-accel-expires", "clear-site-data", "content-encoding", "location"],
  ...["content-length", "surrogate-key", "a-cdn-cache-control"],
];
const OVERRULING =
  /^(cdn-cache-control|a-cdn-cache-control|surrogate-control|surrogate-key|edge-control|x-accel-expires)$/;
const BODIES: readonly ((text: string) => BodyInit | null)[] = [
  () => null,
  (text) => text,
  (text) => new TextEncoder().encode(text),
  (text) => new Blob([text], { type: "a/b" }),
  (text) => new URLSearchParams({ text }),
  (text) => new Blob([text]).stream(),
];
const STATUSES = [200, 201, 204, 205, 206, 302, 304, 404, 418, 500, 599];

let given: Response;
let touch = nothing;
const handle = withSession((_request, session) => {
  touch(session);
  return given;
}, OPTIONS);

export const target: Target = {
  about: "choices, a body, and values of fields, each in a line",
  words: [
    ...["private", "no-store", "public", "max-age=60", "s-maxage=5", "Cookie"],
    ...["*", ", ", '"', 'private="x"', "__Host-sid=x; Path=/", "a=b", "\n"],
    ...["__Host-sid =y", "gzip", "cookie,accept", "\t"],
  ],
  seeds: () => [
    "aaaa\nbody",
    "cbbabac\nbody\npublic, s-maxage=9\nCookie",
    "cbbcbc\nbody\na=b\n__Host-sid=old",
    'dbbababb\n\nprivate="x"\n*',
    "ebababa\nbody\nmax-age=1",
    '``caa`\nbody\na=", private, "',
    "bz\n",
    "cy\nbody",
  ],
  async run(input) {
    const choices = new Choices(input);
    const touched = choices.below(TOUCHES.length);
    touch = TOUCHES[touched] as Touch;
    const kind = choices.below(26);
    const status = choices.pick(STATUSES);
    const makeBody = choices.pick(BODIES);
    const body = [204, 205, 304].includes(status)
      ? null
      : makeBody(choices.text());
    const headers = new Headers();
    for (let count = choices.below(6); count > 0; count--) {
      headers.append(choices.pick(NAMES), fieldOf(choices.text()));
    }
    given = kind === 25
      ? Response.redirect(`${URL_HERE}a`, 303)
      : kind === 24
      ? Response.error()
      : new Response(body, { status, statusText: "Text", headers });
    const isStream = makeBody === BODIES[5];
    const before = [...given.headers];
    // A clone of a stream would be half of a tee.
    const bytes = isStream ? undefined : await given.clone().bytes();
    const sent = given;
    if (kind === 24) {
      // No browser gets it, so a session that is written says so.
      const failed = await handle(new Request(URL_HERE)).catch(String);
      if (touch === nothing || touch === read) assert.equal(failed, sent);
      else assert.match(`${failed}`, /^SessionError: Cannot write|^\[object/);
      return;
    }
    const response = await handle(new Request(URL_HERE));
    if (touch === nothing) {
      assert.equal(response, sent);
      assert.deepEqual([...response.headers], before, "headers have changed");
      return;
    }
    assert.equal(response.status, sent.status);
    assert.equal(response.statusText, sent.statusText);
    if (bytes) assert.deepEqual(await response.bytes(), bytes);
    else await response.body?.cancel();
    check(response, before, touch === read || touch === end);
  },
};

function check(
  { headers, status }: Response,
  before: readonly [string, string][],
  isRead: boolean,
): void {
  const had = (name: string) =>
    before.filter(([each]) => each === name).map(([, value]) => value);
  const vary = listOf(headers.get("vary"));
  assert.ok(vary.some((name) => name === "cookie" || name === "*"), "vary");
  const control = headers.get("cache-control") ?? "";
  const lines = headers.getSetCookie();
  const own = lines.filter(isOurs);
  for (const [name, value] of headers) {
    // A 304 ends what a CDN was told before.
    const isEnd = status === 304 && value === "no-store";
    assert.ok(!OVERRULING.test(name) || isEnd, `${name} overrules`);
  }
  if (isRead) {
    assert.deepEqual(lines, had("set-cookie"));
    assert.ok(had("cache-control").length < 2);
    const kept = listOf(control);
    assert.ok(
      kept.some((each) => /^(private|no-store|public|s-maxage=.*)$/.test(each)),
      `shared caches may keep it: ${control}`,
    );
    // What the handler has said stays.
    assert.ok(control.startsWith(had("cache-control")[0] ?? ""));
  } else {
    assert.equal(own.length, 1);
    assert.match(own[0] as string, /^__Host-sid=[\w-]{102,}; Max-Age=/);
    assert.equal(control, "no-store");
    const others = had("set-cookie").filter((line) => !isOurs(line));
    assert.deepEqual(lines.filter((line) => !own.includes(line)), others);
  }
  const ours = /^(vary|cache-control|set-cookie)$/;
  for (const [name, value] of before) {
    if (ours.test(name) || OVERRULING.test(name)) continue;
    assert.equal(headers.get(name), value, `${name} has changed`);
  }
}

/** Whether it is of our cookie, and not of one for another path or domain. */
function isOurs(line: string): boolean {
  const partOf = (name: string) =>
    RegExp(`; *${name} *=([^;]*)`, "i").exec(line)?.[1]?.trim() ?? "";
  return nameOf(line) === "__Host-sid" && !partOf("domain") &&
    !/^\/./.test(partOf("path"));
}

function nameOf(line: string): string {
  // Browsers trim blanks alone; `Headers` has trimmed the line.
  return line.split("=")[0]?.trim() ?? "";
}

/** The members of a list, outside of quotes. */
function listOf(field: string | null): string[] {
  return (field ?? "").replace(/"[^"]*"/g, '""').split(",")
    .map((each) => each.trim().toLowerCase());
}
