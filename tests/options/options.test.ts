import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type AnyData,
  createSessions,
  type SessionEvent,
  type SessionOptions,
  withSession,
} from "../../mod.ts";
import { NOW, OTHER_SECRET, SECRET } from "../shared/format.ts";

const DAY = 86_400;
const LONGEST = 400 * DAY;

/** What is no duration. */
const NO_SECONDS: readonly unknown[] = [
  0,
  -0,
  -1,
  0.5,
  1.5,
  3600.0001,
  NaN,
  Infinity,
  -Infinity,
  LONGEST + 1,
  2 ** 53,
  "3600",
  "1h",
  "",
  true,
  null,
  [3600],
  {},
  new Date(0),
];

const NO_FLAG = [null, 0, 1, "true", {}];
const NO_FUNCTION = [null, true, "now", "function", {}, []];
const STORE = {
  consistency: "strong" as const,
  create: () => Promise.resolve(true),
  get: () => Promise.resolve(null),
  update: () => Promise.resolve("gone" as const),
  delete: () => Promise.resolve(),
};

/** What must be refused for each option. */
const BAD: Readonly<Record<string, readonly unknown[]>> = {
  secret: [undefined, null, "", "short", 5, true, {}, [], [undefined]],
  idleTimeout: NO_SECONDS,
  absoluteTimeout: NO_SECONDS,
  renewAfter: NO_SECONDS,
  tokenCache: [-1, NaN, Infinity, "5", "number:5", true, null, {}],
  revocationsMaxAge: [0, -1, NaN, Infinity, 301, "5", null, {}],
  storeTimeout: [0, -1, NaN, Infinity, 301, "5", null, {}],
  lazy: NO_FLAG,
  persistent: NO_FLAG,
  clearCache: NO_FLAG,
  encrypt: NO_FLAG,
  compress: NO_FLAG,
  when: [...NO_FUNCTION, async () => await true],
  migrate: [...NO_FUNCTION, "function"],
  onEvent: NO_FUNCTION,
  now: NO_FUNCTION,
  accept: [
    null,
    true,
    "iron-session",
    {},
    [null],
    [{}],
    [() => "read"],
    [{ read: () => undefined }],
  ],
  codec: [null, true, "JSON", {}, { parse: JSON.parse }, () => ""],
  store: [
    null,
    true,
    "redis",
    {},
    new Map(),
    { ...STORE, delete: 1 },
    { ...STORE, consistency: undefined },
    { ...STORE, consistency: "weak" },
    { ...STORE, consistency: "not strong" },
    { ...STORE, consistency: "eventually" },
  ],
  revocations: [null, true, "redis", {}, { ...STORE, delete: 1 }],
  schema: [null, true, {}, () => true, { "~standard": { version: 1 } }, {
    "~standard": { version: 2, validate: () => ({ value: {} }) },
  }],
  onStoreError: [null, true, "ignore", {}],
  trackIdle: [null, true, "both", {}],
  overflow: [
    null,
    true,
    "part",
    5,
    ["parts"],
    { most: 1 },
    { most: 10 },
    {
      maxBytes: 255,
    },
    { maxBytes: 100_000 },
    { maxBytes: "number:1000" },
    { most: 2.5 },
    { most: "number:3" },
    { parts: 3 },
  ],
  cookie: [
    null,
    true,
    "sid",
    5,
    ...[
      "example.com; Secure",
      "example.com\n",
      "; string:example.com",
      "a b.example.com",
      "example.c;m",
      "example.com:443",
    ].map((domain) => ({ domain })),
    ...["sid; a", "sid=1", "a; string:b", "sid\n"].map((name) => ({ name })),
  ],
  csrf: [
    null,
    "https://a.example",
    {},
    ["a.example"],
    ["https://a.example/"],
    ["https://A.example"],
    ["https://a.example:443"],
    [undefined],
    [new URL("https://a.example")],
    ["*"],
    ["https://*"],
    ["https://*.a.example"],
    ["capacitor://*"],
    ["capacitor://localhost/"],
    ["chrome-extension://abc?d"],
    ["chrome-extension://me@abc"],
    ["file://"],
    ["file:///a"],
    ["data:text/plain,a"],
    ["null"],
  ],
};

const UNKNOWN = [
  "ttl",
  "maxAge",
  "secrets",
  "password",
  "idletimeout",
  "cookieName",
  "httpOnly",
  "secure",
  "name",
];

describe("createSessions()", () => {
  for (const [name, values] of Object.entries(BAD)) {
    for (const value of values) {
      it(`refuses ${show(value)} as ${name}, and names the option`, () => {
        const error = refusalOf({ [name]: value });
        assert.match(error.message, new RegExp(`^Option ${name}\\b`));
        assert.ok(!error.message.includes(SECRET), "It shows the secret");
      });
    }
  }

  const GOOD: Readonly<Record<string, Partial<SessionOptions>>> = {
    "4000 minutes in seconds, which are no ms": { idleTimeout: 240_000 },
    "a domain of many labels": { cookie: { domain: ".a.b-c.example.com" } },
    "what is the default anyway": {
      store: STORE,
      onStoreError: "throw",
      trackIdle: "cookie",
      cookie: { secure: "auto", priority: "Medium" },
    },
    "a store made later, which may have touch": {
      store: () => STORE,
      trackIdle: "store",
    },
  };
  for (const [what, given] of Object.entries(GOOD)) {
    it(`takes ${what}`, () => {
      createSessions({ secret: SECRET, ...given as object });
    });
  }

  for (const name of UNKNOWN) {
    it(`refuses the unknown option ${name} without its value`, () => {
      for (const value of [OTHER_SECRET, [OTHER_SECRET], 5]) {
        const { message } = refusalOf({ [name]: value });
        assert.ok(message.startsWith(`Option ${name} is unknown`), message);
        assert.ok(!message.includes(OTHER_SECRET), "It shows the secret");
      }
    });
  }

  it("refuses an unknown option that is inherited", () => {
    const inherited = Object.create({ secret: SECRET, idleTimout: 5 });
    const cookie = Object.create({ nmae: "sid" });
    assert.throws(
      () => createSessions(inherited),
      /^TypeError: Option idleTimout is unknown/,
    );
    const { message } = refusalOf({ cookie });
    assert.match(message, /^Option cookie\.nmae is unknown/);
  });

  it("refuses what is for stores, without one", () => {
    const options = { encrypt: true, renewAfter: 3600, trackIdle: "store" };
    for (const [name, value] of Object.entries(options)) {
      const { message } = refusalOf({ [name]: value });
      assert.match(message, new RegExp(`^Option ${name} needs a store`));
    }
    const { message: alone } = refusalOf({ migrate: () => ({}) });
    assert.match(alone, /^Option migrate needs a schema/);
    const { message } = refusalOf({ store: STORE, trackIdle: "store" });
    assert.match(message, /^Option trackIdle needs a store with touch/);
  });

  it("takes overflow and compress only without a store", () => {
    for (const more of [{ overflow: "parts" }, { compress: true }]) {
      const { message } = refusalOf({ store: STORE, ...more });
      assert.match(
        message,
        /^Option store takes neither overflow nor compress/,
      );
    }
    createSessions({ secret: SECRET, store: STORE, overflow: "error" });
  });

  it("takes no more parts than Chromium keeps of what is partitioned", () => {
    const cookie = { partitioned: true };
    const { message } = refusalOf({ cookie, overflow: { maxBytes: 10_001 } });
    assert.match(message, /^Option overflow.maxBytes must be 10000 at most/);
    for (const overflow of ["parts", { maxBytes: 10_000 }] as const) {
      createSessions({ secret: SECRET, cookie, overflow });
    }
    createSessions({ secret: SECRET, overflow: { maxBytes: 10_001 } });
  });

  it("renews ids at most once a minute", () => {
    const error = refusalOf({ store: STORE, renewAfter: 59 });
    assert.ok(error instanceof RangeError);
    createSessions({ secret: SECRET, store: STORE, renewAfter: 60 });
  });

  it("throws a RangeError for numbers that are out of range", () => {
    for (const value of [0, -1, 1.5, NaN, Infinity, LONGEST + 1]) {
      for (const name of ["idleTimeout", "absoluteTimeout"]) {
        assert.ok(refusalOf({ [name]: value }) instanceof RangeError);
      }
    }
  });

  it("throws a TypeError for what is of the wrong kind", () => {
    for (const name of Object.keys(BAD)) {
      const wrong = /^(cookie|overflow)$/.test(name) ? "sid" : {};
      assert.ok(refusalOf({ [name]: wrong }) instanceof TypeError);
    }
    for (const options of [undefined, null]) {
      assert.throws(() => createSessions(options as never), TypeError);
    }
  });

  it("takes up to 300 s of waiting", () => {
    createSessions({ secret: SECRET, storeTimeout: 300 });
    createSessions({
      secret: SECRET,
      revocations: STORE,
      revocationsMaxAge: 300,
    });
  });

  it("takes 256 to 4096 bytes of a cookie, in whole numbers", () => {
    for (const maxBytes of [256, 1_000, 4_096]) {
      createSessions({ secret: SECRET, cookie: { maxBytes } });
    }
    for (const maxBytes of [0, 255, 4_097, 1_000.5, NaN, "1000", null]) {
      const error = refusalOf({ cookie: { maxBytes } });
      assert.match(error.message, /^Option cookie\.maxBytes must be /);
    }
  });

  it("takes whole days for seconds, also if they were minutes in ms", () => {
    const absoluteTimeout = 25 * DAY;
    assert.equal(absoluteTimeout % 60_000, 0);
    createSessions({ secret: SECRET, absoluteTimeout });
    for (const ms of [300_000, 1_800_000]) {
      assert.match(
        refusalOf({ absoluteTimeout: ms }).message,
        /^Option absoluteTimeout must be seconds, not ms/,
      );
    }
    createSessions({
      secret: SECRET,
      idleTimeout: 299_999,
      absoluteTimeout: 300_001,
    });
  });

  it("refuses an idle timeout beyond the absolute one", () => {
    const bad = [
      { idleTimeout: 3601, absoluteTimeout: 3600 },
      { idleTimeout: 30 * DAY + 1 },
    ];
    for (const options of bad) {
      const error = refusalOf(options);
      assert.ok(error instanceof RangeError);
      assert.match(error.message, /^Option idleTimeout\b/);
    }
  });

  it("takes durations from 1 second to 400 days", () => {
    for (const seconds of [1, 2, 3600, DAY, LONGEST]) {
      const session = create({
        absoluteTimeout: seconds,
        idleTimeout: seconds,
        now: () => NOW * 1000,
      });
      assert.equal(session.expiresAt, (NOW + seconds) * 1000);
    }
  });

  it("has an idle timeout of a day and an absolute one of 30 days", () => {
    const session = create({ now: () => NOW * 1000 });
    assert.equal(session.expiresAt, (NOW + DAY) * 1000);
    session.persist(30 * DAY);
    assert.equal(session.expiresAt, (NOW + 30 * DAY) * 1000);
    assert.throws(() => session.persist(30 * DAY + 1), RangeError);
  });

  it("has the absolute timeout for idle, where that is shorter", () => {
    const session = create({ absoluteTimeout: 60, now: () => NOW * 1000 });
    assert.equal(session.expiresAt, (NOW + 60) * 1000);
  });

  it("has the real clock, in whole seconds", () => {
    const before = Math.floor(Date.now() / 1000) * 1000;
    const { createdAt } = create({});
    assert.ok(createdAt >= before && createdAt <= Date.now());
    assert.equal(createdAt % 1000, 0);
    assert.equal(create({ now: () => 1999.9 }).createdAt, 1000);
  });

  it("takes undefined for every option but the secret", () => {
    const options = Object.fromEntries(
      Object.keys(create.defaults).map((name) => [name, undefined]),
    );
    const sessions = createSessions(
      { ...options, secret: SECRET } as SessionOptions,
    );
    const { createdAt, expiresAt } = sessions.create();
    assert.equal(expiresAt - createdAt, DAY * 1000);
  });

  it("takes every option at once", () => {
    const options: Required<SessionOptions<AnyData, boolean>> = {
      ...create.defaults,
      secret: [SECRET, OTHER_SECRET],
      store: { ...STORE, touch: () => Promise.resolve(true) },
      storeTimeout: 0.5,
      revocations: STORE,
      revocationsMaxAge: 5,
      tokenCache: 0,
      onStoreError: "anonymous",
      encrypt: true,
      accept: [],
      renewAfter: 3600,
      trackIdle: "store",
      clearCache: true,
      csrf: ["https://a.example", "http://localhost:3000", "https://[::1]:1"],
    };
    const copy = { ...options };
    createSessions(options);
    assert.deepEqual(Object.entries(options), Object.entries(copy));
  });

  it("takes origins as a list, or none, or just yes or no", () => {
    for (const csrf of [true, false, [], ["https://a.example:8443"]]) {
      createSessions({ secret: SECRET, csrf });
    }
  });

  it("takes the origins of apps and of extensions", () => {
    const csrf = [
      "capacitor://localhost",
      "ionic://localhost",
      "tauri://localhost",
      "app://obsidian.md",
      "chrome-extension://mdcjacinlbnpnbkmcfpaalbcdabigkee",
      "moz-extension://0a1b2c3d-0000-4000-8000-0a1b2c3d4e5f",
    ];
    createSessions({ secret: SECRET, csrf });
  });

  it("names the entry that is no origin", () => {
    const csrf = ["https://a.example", "https://*.a.example", "capacitor://x"];
    assert.match(refusalOf({ csrf }).message, /^Option csrf\[1\]/);
  });

  it("refuses milliseconds where they are plain to see", () => {
    const absoluteTimeout = 400 * DAY;
    for (const minutes of [5, 10, 15, 20, 30, 45, 60, 90, 120, 240, 480]) {
      const error = refusalOf({ absoluteTimeout, idleTimeout: minutes * 6e4 });
      assert.ok(error instanceof RangeError);
      assert.match(
        error.message,
        /^Option idleTimeout .*must be seconds, not ms/,
      );
      const absolute = refusalOf({ absoluteTimeout: minutes * 6e4 });
      assert.match(
        absolute.message,
        /^Option absoluteTimeout must be .*seconds, not ms/,
      );
    }
    const session = create({ absoluteTimeout });
    assert.throws(() => session.persist(1_800_000), RangeError);
  });

  it("takes any number of minutes, hours and days", () => {
    const absoluteTimeout = 400 * DAY;
    for (let days = 1; days <= 400; days++) {
      create({ absoluteTimeout: days * DAY, idleTimeout: days * DAY });
    }
    for (let hours = 1; hours <= 48; hours++) {
      create({ absoluteTimeout, idleTimeout: hours * 3600 });
    }
    for (let minutes = 1; minutes <= 600; minutes++) {
      create({ absoluteTimeout, idleTimeout: minutes * 60 });
    }
  });
});

describe("withSession()", () => {
  it("checks its options when it is set up", () => {
    const handler = () => new Response();
    for (const [name, [value]] of Object.entries(BAD)) {
      assert.throws(
        () => withSession(handler, { secret: SECRET, [name]: value } as never),
        new RegExp(`Option ${name}\\b`),
      );
    }
  });
});

describe("onEvent", () => {
  const listeners: Readonly<Record<string, (event: SessionEvent) => unknown>> =
    {
      "throws": () => {
        throw new Error("The log is full");
      },
      "rejects": () => Promise.reject(new Error("The log is far away")),
      "throws nothing": () => {
        throw undefined;
      },
      "never ends": () => new Promise(() => {}),
    };
  for (const [what, onEvent] of Object.entries(listeners)) {
    it(`is not felt if it ${what}`, async () => {
      let heard = 0;
      const sessions = createSessions({
        secret: SECRET,
        onEvent: (event) => {
          heard++;
          return onEvent(event);
        },
      });
      assert.equal(await sessions.unseal("forged"), null);
      const token = await sessions.seal(sessions.create());
      assert.ok(await sessions.unseal(token));
      assert.ok(heard >= 3);
    });
  }
});

function create(options: Partial<SessionOptions>) {
  return createSessions({ secret: SECRET, ...options }).create();
}

create.defaults = {
  idleTimeout: 60,
  overflow: "error" as const,
  compress: false,
  absoluteTimeout: 3600,
  lazy: false,
  when: () => true,
  persistent: false,
  cookie: { name: "__Host-a" },
  schema: {
    "~standard": {
      version: 1 as const,
      vendor: "tests",
      validate: (value: unknown) => ({ value: value as object }),
    },
  },
  migrate: (old: unknown) => old,
  codec: JSON,
  onEvent: () => {},
  now: () => NOW * 1000,
};

/** The error for options that must be refused, with a good secret. */
function refusalOf(options: Record<string, unknown>): Error {
  try {
    createSessions({ secret: SECRET, ...options } as SessionOptions);
  } catch (error) {
    assert.ok(error instanceof TypeError || error instanceof RangeError);
    return error;
  }
  assert.fail(`They are taken: ${Object.values(options).map(show)}`);
}

function show(value: unknown): string {
  if (typeof value === "function") return "a function";
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number") {
    return Object.is(value, -0) ? "-0" : `${value}`;
  }
  return value instanceof RegExp ? `${value}` : `${JSON.stringify(value)}`;
}
