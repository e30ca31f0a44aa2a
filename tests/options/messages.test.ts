import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sessions } from "../../hono.ts";
import { createSessions, withSession, withSessions } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { SECRET } from "../shared/format.ts";
import { readOn } from "../../src/options/check.ts";
import { OPTIONS as RULES, PARTS } from "../../src/options/rules.ts";

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
  "clearCache",
  "encrypt",
  "compress",
  "overflow",
  "when",
  "migrate",
  "onEvent",
  "now",
  "codec",
  "accept",
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
        /^Option secret is missing: is SESSION_SECRET set\? \(with-session: docs\/errors\/secret\.md\)$/,
      );
      assert.match(
        messageOf(open, { secret: "short" }),
        /^Option secret must be at least 32 bytes, as generateSecret\(\) makes: it is 5 \(with-session: docs\/errors\/secret\.md\)$/,
      );
      assert.match(
        messageOf(open, { secret: "a".repeat(32) }),
        /^Option secret must be random/,
      );
      assert.match(
        messageOf(open, { secret: [SECRET, "short"] }),
        /^Option secret\[1\] must .* bytes/,
      );
      assert.match(
        messageOf(open, { secret: [SECRET, undefined] }),
        /^Option secret\[1\] is missing: is it set\? \(with-session: docs\/errors\/secret\.md\)$/,
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
          [
            { accept: [{ read() {}, clear() {} }, () => {}] },
            "accept[1] must be what a reader's function returns: it is Function",
          ],
          [{ cookie: { domain: "a" } }, "cookie.domain must be a domain"],
          [
            { store: Object.create(Object.create(null)) },
            "update, delete and a consistency: it is object",
          ],
          [
            { idleTimeout: 40 * 86_400 },
            "idleTimeout within absoluteTimeout must be seconds, not ms, 1 to 2592000",
          ],
          [
            { absoluteTimeout: 401 * 86_400 },
            "1 to 34560000: it is 34646400",
          ],
          [
            { csrf: ["https://a.example/"] },
            "csrf[0] must be an origin such as https://",
          ],
          [{ store: MemoryStore }, "store must have create, get"],
          [{ store: Promise.resolve() }, "it is Promise"],
          [
            { cookie: { name: "__Host-a", domain: "a.example" } },
            "needs secure, __Host- also path / without domain",
          ],
          [{ tokenCache: -1 }, "bytes"],
        ] as const
      ) {
        const message = messageOf(open, { secret: SECRET, ...options });
        assert.ok(message.includes(words), message);
        assert.doesNotMatch(message, /\/\^|\$\//);
      }
    });
  }

  const MUST: Readonly<Record<string, string>> = {
    lazy: "be true or false",
    persistent: "be true or false",
    clearCache: "be true or false",
    encrypt: "be true or false",
    compress: "be true or false",
    overflow: "be error, parts, { most, maxBytes } or a store",
    when: "be a function that is not async",
    migrate: "be a function",
    onEvent: "be a function",
    now: "be a function",
    codec: "have parse, stringify",
    accept: "be a list of readers",
    store: "have create, get, update, delete and a consistency",
    revocations: "have create, get, update, delete and a consistency",
    schema: "follow Standard Schema 1",
    onStoreError: "be throw or anonymous",
    trackIdle: "be cookie or store",
    cookie: "be an object",
    csrf: "be true, false or a list of origins",
    tokenCache: "be bytes, 0 or more",
    storeTimeout: "be seconds, 300 at most",
    revocationsMaxAge: "be seconds, 300 at most",
    "cookie.name": "be letters and digits",
    "cookie.domain": "be a domain",
    "cookie.path": "begin with /, as in an address",
    "cookie.partitioned": "be true or false",
    "cookie.sameSite": "be Strict or Lax or None",
    "cookie.secure": "be true or false or auto",
    "cookie.priority": "be Low or Medium or High",
    "cookie.maxBytes": "be 256 to 4096",
    "cookie.previous": "be a list of objects",
    "overflow.most": "be 2 to 9",
    "overflow.maxBytes": "be bytes, 1000 to 99999",
  };
  it("has words for each option that has a rule of its own", () => {
    const rules = Object.entries(RULES).filter(([, [must]]) => must !== "");
    for (const [name, [must]] of rules) assert.equal(must, MUST[name], name);
    for (const [name, [must]] of Object.entries(PARTS)) {
      assert.equal(must, MUST[`overflow.${name}`], name);
    }
    const elsewhere = OPTIONS.filter((name) => !(name in MUST));
    assert.deepEqual(elsewhere, [
      "secret",
      "absoluteTimeout",
      "idleTimeout",
      "renewAfter",
    ]);
  });

  for (const [name, must] of Object.entries(MUST)) {
    it(`says what ${name} must be`, () => {
      const [option = "", part] = name.split(".");
      const bad = { [option]: part ? { [part]: -1n } : -1n };
      assert.equal(
        messageOf((options) => createSessions(options), {
          secret: SECRET,
          ...bad,
        }),
        `Option ${name} must ${must}: it is BigInt` + readOn("option"),
      );
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
      /^Argument options must be object: it is undefined \(with-session: docs\/errors\/argument\.md\)$/,
    ],
    "withSession() with both swapped": [
      () => withSession(options as never, answer as never),
      /^Argument handler must be function: it is Object \(with-session: docs\/errors\/argument\.md\)$/,
    ],
    "withSession() with a text": [
      () => withSession(answer, PASSWORD as never),
      /^Argument options must be object: it is text of 25 characters \(with-session: docs\/errors\/argument\.md\)$/,
    ],
    "withSessions() without a handler": [
      () => withSessions({ auth: options }, undefined as never),
      /^Argument handler must be function: it is undefined \(with-session: docs\/errors\/argument\.md\)$/,
    ],
    "withSessions() with both swapped": [
      () => withSessions(answer as never, { auth: options } as never),
      /^Argument handler must be function: it is Object \(with-session: docs\/errors\/argument\.md\)$/,
    ],
    "withSessions() without options": [
      () => withSessions(undefined as never, answer),
      /^Argument options must be object: it is undefined \(with-session: docs\/errors\/argument\.md\)$/,
    ],
    "createSessions() without options": [
      () => createSessions(undefined as never),
      /^Argument options must be object: it is undefined \(with-session: docs\/errors\/argument\.md\)$/,
    ],
    "sessions() of Hono without options": [
      () => sessions(undefined as never),
      /^Argument options must be object: it is undefined \(with-session: docs\/errors\/argument\.md\)$/,
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
      message: "Argument choice must be true, false or a number: it is Date" +
        readOn("argument"),
    });
  });

  it("names what options were made of too late", async () => {
    const handle = withSession(
      answer,
      (() => Promise.resolve(options)) as never,
    );
    await assert.rejects(handle(new Request("https://example.com/")), {
      name: "TypeError",
      message: "Argument options must be object: it is Promise" +
        readOn("argument"),
    });
  });

  it("names a handler that returned no Response where a change is lost", async () => {
    const store = new MemoryStore();
    const answers = [undefined, null, "text", { ok: true }, Response.error()];
    for (const answer of answers) {
      for (const more of [{}, { store }]) {
        const wrong = withSession((_request, session) => {
          session.set("n", 1);
          return answer as never;
        }, { ...options, ...more });
        await assert.rejects(
          wrong(new Request("https://example.com/")),
          {
            code: "late-write",
            message: "Cannot write: there is no Response to take a cookie" +
              readOn("late-write"),
          },
        );
      }
    }
  });

  it("names a request that is none, Express's say", async () => {
    const request = { headers: { cookie: "a=b" }, method: "GET", url: "/" };
    const message = "Argument request must be a Request" + readOn("argument");
    for (
      const handle of [
        withSession(answer, options),
        withSession(answer, { ...options, csrf: true }),
        withSessions({ auth: options }, answer),
      ]
    ) {
      await assert.rejects(handle(request as never), {
        name: "TypeError",
        message,
      });
    }
  });

  it("says what a user's name must be", () => {
    const session = createSessions(options).create();
    for (const userId of ["", 5]) {
      assert.throws(() => session.login(userId as string), {
        name: "TypeError",
        message: "Argument userId must be text, and not empty",
      });
    }
  });
});

describe("a message about a session", () => {
  const begin = () => createSessions({ secret: SECRET }).create();

  it("names the kind of a value that cannot be kept", () => {
    class Point {
      x = 1;
    }
    for (
      const [value, kind] of [
        [new Date(0), "Date"],
        [Promise.resolve(), "Promise"],
        [new Map(), "Map"],
        [new Point(), "Point"],
        [() => 1, "Function"],
        [12345678901234567890n, "BigInt"],
        [Symbol("hunter2"), "Symbol"],
        [NaN, "NaN"],
        [-Infinity, "-Infinity"],
        [[undefined], "undefined"],
      ] as const
    ) {
      assert.throws(() => begin().set("a", { b: value }), (error: Error) => {
        const at = Array.isArray(value) ? "a.b[0]" : "a.b";
        assert.equal(
          error.message,
          `Cannot keep ${at} (${kind})` + readOn("invalid-data"),
        );
        assert.ok(!("cause" in error), "There is no cause to be shown");
        return true;
      });
    }
  });

  it("names a notice by the program's key", () => {
    assert.throws(() => begin().flash("note", new Date(0)), {
      code: "invalid-data",
      message: "Cannot keep note (Date)" + readOn("invalid-data"),
    });
  });

  it("says why it is too late", async () => {
    const sessions = createSessions({ secret: SECRET });
    const request = new Request("https://example.com/");
    const session = await sessions.open(request);
    session.set("n", 1);
    await sessions.commit(session, answer());
    const left = "the response has left; write before, or save() in a store";
    assert.throws(() => session.set("n", 2), {
      message: `Cannot write: ${left}` + readOn("late-write"),
    });
    await assert.rejects(sessions.commit(session, answer()), {
      message: "Cannot write: commit() was called already" +
        readOn("late-write"),
    });
    let unread = begin();
    await withSession((_request, session) => {
      unread = session;
      return answer();
    }, { secret: SECRET })(request.clone());
    assert.throws(() => unread.get("n"), {
      code: "late-read",
      message: "Cannot read: the response has left; read before" +
        readOn("late-read"),
    });
    const socket = await sessions.open(
      new Request(request, { headers: { upgrade: "websocket" } }),
    );
    assert.throws(() => socket.set("n", 1), {
      message: "Cannot write: a WebSocket handshake sets no cookie" +
        readOn("late-write"),
    });
  });

  it("says by what a request was left out", async () => {
    for (
      const option of [{ when: () => false }, { cookie: { path: "/app" } }]
    ) {
      const handle = withSession((_request, session) => {
        session.set("n", 1);
        return answer();
      }, { secret: SECRET, ...option });
      await assert.rejects(handle(new Request("https://example.com/")), {
        code: "left-out",
        message: "Cannot write: left out by when or cookie.path" +
          readOn("left-out"),
      });
    }
  });

  it("is that of the language where a session is used like an object", () => {
    const session: { visits?: number } & object = begin();
    assert.throws(() => session.visits = 1, TypeError);
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
