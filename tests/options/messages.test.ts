import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sessions } from "../../hono.ts";
import { createSessions, withSession, withSessions } from "../../mod.ts";
import { SECRET } from "../shared/format.ts";

const PASSWORD = "redis://user:hunter2@host";
const answer = () => new Response();

/** The four doors, by what takes the options. */
const doors: Readonly<Record<string, (options: never) => unknown>> = {
  createSessions,
  withSession: (options) => withSession(answer, options),
  withSessions: (options) => withSessions({ auth: options }, answer),
  "sessions of Hono": sessions,
};

const OPTIONS = [
  "secret",
  "absoluteTimeout",
  "idleTimeout",
  "renewAfter",
  "lazy",
  "persistent",
  "encrypt",
  "when",
  "migrate",
  "onEvent",
  "now",
  "codec",
  "store",
  "revocations",
  "onStoreError",
  "trackIdle",
  "cookie",
  "storeTimeout",
  "revocationsMaxAge",
  "tokenCache",
  "schema",
  "csrf",
];
const ATTRIBUTES = [
  "name",
  "domain",
  "path",
  "sameSite",
  "secure",
  "partitioned",
  "priority",
];

describe("a message about options", () => {
  for (const [door, open] of Object.entries(doors)) {
    it(`never quotes a text, in ${door}`, () => {
      for (const name of OPTIONS) {
        for (const value of [PASSWORD, [PASSWORD], { url: PASSWORD }]) {
          const options = { secret: SECRET, [name]: value };
          if (name === "cookie" && typeof value !== "string") continue;
          if (name === "secret" && typeof value !== "string") continue;
          const message = messageOf(open, options);
          assert.ok(message.startsWith(`Option ${name}`), message);
          assert.ok(!message.includes("hunter2"), message);
        }
      }
      for (const name of ATTRIBUTES) {
        const cookie = { [name]: `;${PASSWORD}` };
        const message = messageOf(open, { secret: SECRET, cookie });
        assert.match(message, new RegExp(`^Option cookie.${name}\\b`));
        assert.ok(!message.includes("hunter2"), message);
      }
      const cookie = { name: "__Host-hunter2", domain: "hunter2.example" };
      const message = messageOf(open, { secret: SECRET, cookie });
      assert.match(message, /^Option cookie is kept by no browser: /);
      assert.ok(!message.includes("hunter2"), message);
    });

    it(`lists the neighbours of an unknown option, in ${door}`, () => {
      const unknown = { secret: SECRET, idleTimout: 3 };
      assert.match(
        messageOf(open, unknown),
        /^Option idleTimout is unknown: .*\bidleTimeout\b/,
      );
      const cookie = { httpOnly: true };
      assert.match(
        messageOf(open, { secret: SECRET, cookie }),
        /^Option cookie.httpOnly is unknown: .*\bsameSite\b/,
      );
    });

    it(`says what a missing or wrong secret is, in ${door}`, () => {
      assert.match(
        messageOf(open, { secret: undefined }),
        /^Option secret must .*: is SESSION_SECRET set\?$/,
      );
      assert.match(
        messageOf(open, { secret: "short" }),
        /^Option secret must .* bytes.*: it is 5$/,
      );
      assert.match(
        messageOf(open, { secret: "a".repeat(32) }),
        /^Option secret must be random/,
      );
      assert.match(
        messageOf(open, { secret: [SECRET, "short"] }),
        /^Option secret\[1\] must .* bytes/,
      );
    });

    it(`has words for a pattern, and units for a length, in ${door}`, () => {
      const cookie = { path: "shop" };
      for (
        const [options, words] of [
          [{ cookie }, "cookie.path must begin with /"],
          [{ cookie: { sameSite: "lax" } }, "Strict or Lax or None"],
          [{ cookie: { sameSite: "lax" } }, "it is text of 3 characters"],
          [{ idleTimeout: 0.5 }, "must be seconds"],
          [{ tokenCache: -1 }, "bytes"],
        ] as const
      ) {
        const message = messageOf(open, { secret: SECRET, ...options });
        assert.ok(message.includes(words), message);
        assert.doesNotMatch(message, /\/\^|\$\//);
      }
    });
  }

  it("tells several sessions apart without their names", () => {
    const cookie = { name: "hunter2" };
    const one = { secret: SECRET, cookie: { ...cookie, secure: false } };
    const message = messageOf(
      (both) => withSessions(both, answer),
      { one, other: one },
    );
    assert.match(
      message,
      /^Option other.cookie.name must differ from that of one/,
    );
    assert.ok(!message.includes("hunter2"), message);
  });
});

describe("a message about arguments", () => {
  const options = { secret: SECRET };
  const cases: Readonly<Record<string, readonly [() => unknown, RegExp]>> = {
    "withSession() without options": [
      () => withSession(answer, undefined as never),
      /^Argument options must be object: it is undefined$/,
    ],
    "withSession() with both swapped": [
      () => withSession(options as never, answer as never),
      /^Argument handler must be function: it is object$/,
    ],
    "withSession() with a text": [
      () => withSession(answer, PASSWORD as never),
      /^Argument options must be object: it is text of 25 characters$/,
    ],
    "withSessions() without a handler": [
      () => withSessions({ auth: options }, undefined as never),
      /^Argument handler must be function: it is undefined$/,
    ],
    "withSessions() with both swapped": [
      () => withSessions(answer as never, { auth: options } as never),
      /^Argument handler must be function: it is object$/,
    ],
    "withSessions() without options": [
      () => withSessions(undefined as never, answer),
      /^Argument options must be object: it is undefined$/,
    ],
    "createSessions() without options": [
      () => createSessions(undefined as never),
      /^Argument options must be object: it is undefined$/,
    ],
    "sessions() of Hono without options": [
      () => sessions(undefined as never),
      /^Argument options must be object: it is undefined$/,
    ],
  };
  for (const [what, [call, message]] of Object.entries(cases)) {
    it(`names what is wrong with ${what}`, () => {
      assert.throws(call, { name: "TypeError", message });
    });
  }

  it("is no word about options where persist() gets no seconds", () => {
    const session = createSessions(options).create();
    assert.throws(() => session.persist(new Date(0) as never), {
      name: "TypeError",
      message: "Argument choice must be number: it is object",
    });
  });

  it("names a handler that returned nothing where a change is lost", async () => {
    const forgetful = withSession((_request, session) => {
      session.set("n", 1);
      return undefined as never;
    }, options);
    await assert.rejects(
      forgetful(new Request("https://example.com/")),
      { code: "late-write", message: /no response/ },
    );
  });
});

function messageOf(open: (options: never) => unknown, options: object): string {
  try {
    open(options as never);
  } catch (error) {
    assert.ok(error instanceof TypeError || error instanceof RangeError);
    // Several sessions are told apart by their names.
    return error.message.replace("Session auth: ", "");
  }
  assert.fail(`They are taken: ${Object.keys(options)}`);
}
