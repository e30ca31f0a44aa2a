import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { once } from "node:events";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { describe, it } from "node:test";
import { doctor } from "../../cli.ts";
import { sessions } from "../../express.ts";
import { certificate } from "../project/certificate.ts";
import { setUp } from "../shared/support.ts";
import { inOneLine, jsonOf, outputOf } from "./_terminal.ts";

type Fields = Record<string, string | string[]>;
type Answer = {
  status?: number;
  fields?: Fields;
  body?: string;
};

/** A value as this library makes it, of no session. */
const VALUE = "AQ" + "x".repeat(140);
const USUAL = "Path=/; HttpOnly; SameSite=Lax";
/** What a sound answer has. */
const SOUND: Fields = { "cache-control": "no-store", vary: "Cookie" };

/** How a server answers to one of its visitors. */
type Serve = (visit: {
  cookie: string;
  path: string;
  origin: string;
  /** The value of the next cookie. */
  next: string;
}) => Answer;

/** Runs a server as long as a test needs it. */
async function serve<Result>(
  listener: RequestListener,
  use: (port: number) => Promise<Result>,
  isSecure = false,
): Promise<Result> {
  const server = isSecure
    ? createSecureServer(certificate, listener)
    : createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    return await use((server.address() as AddressInfo).port);
  } finally {
    server.closeAllConnections?.();
    server.close();
  }
}

function listenerOf(answer: Serve): RequestListener {
  let count = 0;
  return (request, response) => {
    const { cookie = "", origin = "" } = request.headers;
    const { status = 200, fields = {}, body = "A page" } = answer({
      cookie,
      origin,
      path: request.url ?? "/",
      next: VALUE + `${++count}`.padStart(4, "0"),
    });
    response.sendDate = !("date" in fields);
    response.writeHead(status, { ...SOUND, ...fields });
    response.end(body);
  };
}

/** Sets a cookie with each visit. */
const setting = (
  line: (next: string) => string,
  more: Fields = {},
): Serve =>
({ next }) => ({ fields: { "set-cookie": line(next), ...more } });

/** Ten servers, each with one fault, and what finds it. */
const TEN: readonly (readonly [
  what: string,
  code: string,
  answer: Serve,
  host?: string,
])[] = [
  [
    "a prefix without what it needs",
    "drop-prefix",
    setting((next) => `__Host-sid=${next}; ${USUAL}`),
  ],
  [
    "a Domain of another host",
    "drop-domain",
    setting((next) => `sid=${next}; ${USUAL}; Domain=example.com`),
  ],
  [
    "more than browsers keep",
    "drop-size",
    setting((next) => `sid=${next}${"y".repeat(4096)}; ${USUAL}`),
  ],
  [
    "the same cookie twice",
    "duplicate",
    ({ next }) => ({
      fields: {
        "set-cookie": [`sid=${next}; ${USUAL}`, `sid=${next}b; ${USUAL}`],
      },
    }),
  ],
  [
    "a cookie that scripts can read",
    "leak-script",
    setting((next) => `sid=${next}; Path=/; SameSite=Lax`),
  ],
  [
    "CORS for everybody",
    "leak-origin",
    ({ next, origin }) => ({
      fields: {
        "set-cookie": `sid=${next}; ${USUAL}`,
        ...origin && {
          "access-control-allow-origin": origin,
          "access-control-allow-credentials": "true",
        },
      },
    }),
  ],
  [
    "a cookie for shared caches",
    "cache-cookie",
    setting((next) => `sid=${next}; ${USUAL}`, {
      "cache-control": "public, max-age=60",
    }),
  ],
  [
    "a page by cookie without Vary",
    "cache-vary",
    ({ cookie, next }) =>
      cookie
        ? {
          fields: { "cache-control": "max-age=60", vary: "Accept-Encoding" },
          body: "Ada's page",
        }
        : { fields: { "set-cookie": `sid=${next}; ${USUAL}` } },
  ],
  [
    "a proxy that strips a part of the path",
    "lost-path",
    setting((next) => `sid=${next}; Path=/app; HttpOnly; SameSite=Lax`),
  ],
  [
    "a clock that is ahead",
    "clock",
    ({ next }) => ({
      fields: {
        "set-cookie": `sid=${next}; ${USUAL}`,
        date: new Date(Date.now() + 300_000).toUTCString(),
      },
    }),
  ],
];

/** More faults, over http and https. */
const MORE: readonly (readonly [
  what: string,
  code: string,
  answer: Serve,
  scheme?: "https",
])[] = [
  [
    "__Secure- without Secure",
    "drop-prefix",
    setting((next) => `__Secure-sid=${next}; ${USUAL}`),
  ],
  [
    "__Host- with a Domain",
    "drop-prefix",
    setting((next) => `__Host-sid=${next}; ${USUAL}; Secure; Domain=localhost`),
    "https",
  ],
  [
    "__Host- with another path",
    "drop-prefix",
    setting((next) =>
      `__Host-sid=${next}; Path=/a; HttpOnly; SameSite=Lax; Secure`
    ),
    "https",
  ],
  [
    "__Host-Http- without HttpOnly",
    "drop-prefix",
    setting((next) => `__Host-Http-sid=${next}; Path=/; SameSite=Lax; Secure`),
    "https",
  ],
  [
    "SameSite=None without Secure",
    "drop-same-site",
    setting((next) => `sid=${next}; Path=/; HttpOnly; SameSite=None`),
  ],
  [
    "Partitioned without Secure",
    "drop-partitioned",
    setting((next) => `sid=${next}; ${USUAL}; Partitioned`),
  ],
  [
    "an end in the past",
    "drop-expired",
    setting((next) =>
      `sid=${next}; ${USUAL}; Expires=Thu, 01 Jan 2015 00:00:00 GMT`
    ),
  ],
  [
    "a cookie without a name",
    "drop-characters",
    setting((next) => `=${next}; ${USUAL}`),
  ],
  [
    "a name in two scopes",
    "duplicate",
    ({ next }) => ({
      fields: {
        "set-cookie": [
          `sid=${next}; ${USUAL}`,
          `sid=${next}b; ${USUAL}; Domain=localhost`,
        ],
      },
    }),
  ],
  [
    "two lines that were joined",
    "joined",
    setting((next) =>
      `sid=${next}; Expires=Wed, 01 Dec 2100 00:00:00 GMT; ${USUAL}, theme=dark; Path=/`
    ),
  ],
  [
    "a redirect to 127.0.0.1",
    "lost-redirect",
    ({ next }) => ({
      status: 303,
      fields: {
        "set-cookie": `sid=${next}; ${USUAL}`,
        location: "http://127.0.0.1:1/home",
      },
    }),
  ],
  [
    "a cookie for http behind https",
    "leak-http",
    setting((next) => `sid-8000=${next}; ${USUAL}`),
    "https",
  ],
  [
    "no SameSite",
    "leak-site",
    setting((next) => `sid=${next}; Path=/; HttpOnly`),
  ],
  [
    "the token in an address",
    "leak-address",
    ({ next, path }) =>
      path === "/"
        ? {
          status: 302,
          fields: {
            "set-cookie": `sid=${next}; ${USUAL}`,
            location: `/home?sid=${next}`,
          },
        }
        : {},
  ],
  [
    "the token in the page",
    "leak-body",
    ({ next }) => ({
      fields: { "set-cookie": `sid=${next}; ${USUAL}` },
      body: `<meta content="${next}">`,
    }),
  ],
  [
    "nothing for caches",
    "cache-cookie",
    setting((next) => `sid=${next}; ${USUAL}`, { "cache-control": [] }),
  ],
  [
    "one cookie for two visitors",
    "cache-same",
    setting(() => `sid=${VALUE}; ${USUAL}`),
  ],
  [
    "a page that the browser keeps",
    "cache-vary",
    ({ cookie, next }) =>
      cookie
        ? {
          fields: { "cache-control": "private, max-age=60", vary: [] },
          body: "Ada's page",
        }
        : { fields: { "set-cookie": `sid=${next}; ${USUAL}` } },
  ],
  [
    "https that redirects to http",
    "proxy-scheme",
    ({ next }) => ({
      status: 302,
      fields: {
        "set-cookie": `__Host-sid=${next}; ${USUAL}; Secure`,
        location: "http://localhost:1/",
      },
    }),
    "https",
  ],
  [
    "redirects without an end",
    "redirect-circle",
    ({ next }) => ({
      status: 302,
      fields: { "set-cookie": `sid=${next}; ${USUAL}`, location: "/" },
    }),
  ],
  [
    "an error with its own cookie",
    "refused",
    ({ cookie, next }) =>
      cookie
        ? { status: 431 }
        : { fields: { "set-cookie": `sid=${next}; ${USUAL}` } },
  ],
  [
    "a clock that is behind",
    "clock",
    ({ next }) => ({
      fields: {
        "set-cookie": `sid=${next}; ${USUAL}`,
        date: new Date(Date.now() - 300_000).toUTCString(),
      },
    }),
  ],
];

/** What may be meant so. */
const NOTES:
  readonly (readonly [code: string, answer: Serve, scheme?: "https"])[] = [
    [
      "site-none",
      setting((next) =>
        `__Host-sid=${next}; Path=/; HttpOnly; SameSite=None; Secure`
      ),
      "https",
    ],
    [
      "life",
      setting((next) => `sid=${next}; ${USUAL}; Max-Age=99999999`),
    ],
    ["safari", setting((next) => `sid=${next}; ${USUAL}; Secure`)],
    [
      "cache-age",
      setting((next) => `sid=${next}; ${USUAL}`, { age: "30", date: [] }),
    ],
  ];

async function codesOf(answer: Serve, isSecure = false) {
  return await serve(listenerOf(answer), async (port) => {
    const address = `${isSecure ? "https" : "http"}://localhost:${port}/`;
    const found = await doctor(address, { insecure: true });
    return {
      faults: found.faults.map(({ code }) => code),
      notes: found.notes.map(({ code }) => code),
    };
  }, isSecure);
}

describe("doctor", () => {
  it("has ten servers to find the fault of", () => {
    assert.equal(TEN.length, 10);
    assert.equal(new Set(TEN.map(([, code]) => code)).size, 10);
  });

  for (const [what, code, answer] of TEN) {
    it(`finds the one fault of ten: ${what}`, async () => {
      await serve(listenerOf(answer), async (port) => {
        const address = `localhost:${port}`;
        const { ok, findings } = await jsonOf(["doctor", address], 1, {
          now: Date.now,
        });
        assert.equal(ok, false);
        assert.deepEqual(findings.map((each: { code: string }) => each.code), [
          code,
        ]);
        const output = await outputOf(["doctor", address], 1, {
          now: Date.now,
        });
        assert.match(output, /: 1 fault\n/);
        assert.match(output, RegExp(`^fault ${code}`, "m"));
        assert.match(output, /To do/);
        assert.ok(!output.includes(VALUE), "no value of a cookie");
        for (const line of output.split("\n")) {
          assert.ok(line.length <= 80, line);
        }
      });
    });
  }

  for (const [what, code, answer, scheme] of MORE) {
    it(`finds ${what}`, async () => {
      const { faults } = await codesOf(answer, !!scheme);
      assert.deepEqual(faults, [code]);
    });
  }

  for (const [code, answer, scheme] of NOTES) {
    it(`notes ${code}`, async () => {
      assert.deepEqual(await codesOf(answer, !!scheme), {
        faults: [],
        notes: [code],
      });
    });
  }

  it("finds what travels in the open, and what browsers drop there", async () => {
    // An address of this machine that no browser takes for one.
    for (
      const [more, code] of [["", "leak-http"], ["; Secure", "drop-secure"]]
    ) {
      const answer = setting((next) => `sid=${next}; ${USUAL}${more}`);
      await serve(listenerOf(answer), async (port) => {
        const { faults } = await doctor(`http://0.0.0.0:${port}/`);
        assert.deepEqual(faults.map((each) => each.code), [code]);
      });
    }
  });

  describe("says nothing about a sound server", () => {
    /** A program with sessions; each page tells whose it is. */
    const program = (more: object = {}): RequestListener => {
      const { options } = setUp({ now: Date.now, ...more });
      const open = sessions(options);
      return (req, res) =>
        open(req, res, () => {
          const { session } = req as unknown as {
            session: import("../../mod.ts").Session;
          };
          if (req.url === "/sign-in") {
            session.login("ada");
            res.writeHead(303, { location: "/" }).end();
            return;
          }
          const visits = session.update("visits", (n = 0) => n + 1);
          res.end(`Visit ${visits} of ${session.userId ?? "nobody"}`);
        });
    };
    const silent = { faults: [], notes: [] };
    const look = async (address: string) => {
      const { faults, notes, sessions } = await doctor(address, {
        insecure: true,
      });
      assert.ok(sessions.length > 0, "no cookie came");
      return { faults, notes };
    };

    for (const path of ["/", "/sign-in"]) {
      it(`of this library on http://localhost${path}`, async () => {
        await serve(program(), async (port) => {
          assert.deepEqual(
            await look(`http://localhost:${port}${path}`),
            silent,
          );
        });
      });

      it(`of this library on https${path}`, async () => {
        await serve(program({ cookie: { secure: true } }), async (port) => {
          assert.deepEqual(
            await look(`https://localhost:${port}${path}`),
            silent,
          );
        }, true);
      });
    }

    it("of this library in parts", async () => {
      const { options } = setUp({ now: Date.now, overflow: "parts" });
      const open = sessions(options);
      const listener: RequestListener = (req, res) =>
        open(req, res, () => {
          const { session } = req as unknown as {
            session: import("../../mod.ts").Session;
          };
          session.set("long", "x".repeat(4500));
          res.end("A page");
        });
      await serve(listener, async (port) => {
        assert.deepEqual(await look(`http://localhost:${port}/`), silent);
      });
    });

    it("of another library", async () => {
      const answer = setting(() =>
        `connect.sid=s%3A${crypto.randomUUID()}; ${USUAL}`
      );
      await serve(listenerOf(answer), async (port) => {
        assert.deepEqual(await look(`http://localhost:${port}/`), silent);
      });
    });

    it("that lets the browser alone keep its pages", async () => {
      const answer: Serve = ({ cookie, next }) => ({
        fields: {
          "cache-control": "private",
          ...!cookie && { "set-cookie": `sid=${next}; ${USUAL}` },
        },
        body: cookie ? "Ada's page" : "A page",
      });
      await serve(listenerOf(answer), async (port) => {
        assert.deepEqual(await look(`http://localhost:${port}/`), silent);
      });
    });

    it("that removes cookies of other scopes, and sets others", async () => {
      const answer: Serve = ({ next }) => ({
        fields: {
          "set-cookie": [
            `sid=; Max-Age=0; ${USUAL}; Domain=localhost`,
            "theme=dark; Path=/",
            `sid=${next}; ${USUAL}; Expires=Wed, 01 Dec 2100 00:00:00 GMT`,
          ],
        },
      });
      await serve(listenerOf(answer), async (port) => {
        assert.deepEqual(await look(`http://localhost:${port}/`), silent);
      });
    });
  });

  describe("says what it cannot look at", () => {
    const now = Date.now;

    it("a page without a cookie", async () => {
      await serve(listenerOf(() => ({})), async (port) => {
        const output = await outputOf(["doctor", `localhost:${port}`], 3, {
          now,
        });
        assert.match(output, /no session cookie came/);
        assert.match(inOneLine(output), /begins with its first write/);
        const there = `http://0.0.0.0:${port}`;
        assert.match(
          inOneLine(await outputOf(["doctor", there], 3, { now })),
          /Over http from another machine, with-session sets no cookie/,
        );
      });
      await serve(listenerOf(() => ({})), async (port) => {
        const args = ["doctor", `https://localhost:${port}`];
        const output = await outputOf([...args, "-k"], 3, { now });
        assert.match(inOneLine(output), /Behind a proxy that ends TLS/);
        const refused = await outputOf(args, 3, { now });
        assert.match(
          inOneLine(refused),
          /Cannot trust the certificate.*--insecure/,
        );
      }, true);
    });

    it("nobody who listens, and what speaks no https", async () => {
      const port = await serve(listenerOf(() => ({})), async (port) => {
        const args = ["doctor", `https://localhost:${port}`];
        const output = await outputOf(args, 3, { now });
        assert.match(output, /try http:\/\/|Cannot fetch/);
        return port;
      });
      const output = await outputOf(["doctor", `localhost:${port}`], 3, {
        now,
      });
      assert.match(inOneLine(output), /Nobody listens at localhost:\d+/);
    });

    it("an answer that does not come", async () => {
      await serve(() => {}, async (port) => {
        const args = ["doctor", `localhost:${port}`, "--timeout", "1"];
        assert.match(
          inOneLine(await outputOf(args, 3, { now })),
          /no answer within 1 s/,
        );
      });
    });
  });

  it("sends what it is told, and visits once if that may change something", async () => {
    const seen: string[] = [];
    const listener: RequestListener = (request, response) => {
      const { method, headers: { authorization } } = request;
      let body = "";
      request.on("data", (piece) => body += piece);
      request.on("end", () => {
        seen.push(`${method} ${authorization} ${body}`);
        response.writeHead(200, {
          ...SOUND,
          "set-cookie": `sid=${VALUE}; ${USUAL}`,
        });
        response.end();
      });
    };
    await serve(listener, async (port) => {
      const args = [
        "doctor",
        `localhost:${port}`,
        "-H",
        "Authorization: Basic x",
      ];
      await outputOf([...args, "--data", "user=ada"], 0, { now: Date.now });
    });
    assert.deepEqual(seen, ["POST Basic x user=ada"]);
  });

  it("signs in, and looks at the page that follows", async () => {
    const answer: Serve = ({ cookie, path, next }) =>
      path === "/sign-in"
        ? {
          status: 303,
          fields: { location: "/", "set-cookie": `sid=${next}; ${USUAL}` },
        }
        : {
          fields: { "cache-control": "max-age=60", vary: [] },
          body: cookie.includes("theme=dark; sid=") ? "Ada" : "nobody",
        };
    await serve(listenerOf(answer), async (port) => {
      const { faults } = await doctor(`http://localhost:${port}/sign-in`, {
        body: "user=ada",
        headers: { Cookie: "theme=dark; sid=old" },
      });
      assert.deepEqual(faults.map(({ code }) => code), ["cache-vary"]);
    });
  });

  it("sends a password nowhere but where it was meant", async () => {
    const seen: (string | undefined)[] = [];
    const other: RequestListener = (request, response) => {
      seen.push(request.headers.authorization);
      response.end();
    };
    await serve(other, async (elsewhere) => {
      const answer: Serve = () => ({
        status: 302,
        fields: { location: `http://localhost:${elsewhere}/` },
      });
      await serve(listenerOf(answer), async (port) => {
        const address =
          `http://user:swordfish@localhost:${port}/?token=swordfish`;
        const args = ["doctor", address, "-H", "authorization: Basic x"];
        const found = await jsonOf(args, 3, { now: Date.now });
        assert.equal(found.url, `http://localhost:${port}/`);
        const output = await outputOf(args, 3, { now: Date.now });
        assert.doesNotMatch(output, /swordfish/);
      });
    });
    assert.ok(seen.length > 0);
    assert.deepEqual(seen.filter((each) => each !== undefined), []);
  });

  it("shows nothing that a terminal would obey", async () => {
    const answer = setting((next) =>
      `s\x9b31mid=${next}; Path=/\x9b31m; HttpOnly; SameSite=Lax; Domain=\x9b31m`
    );
    await serve(listenerOf(answer), async (port) => {
      for (const more of [[], ["--json"]]) {
        const args = ["doctor", `localhost:${port}`, ...more];
        const output = await outputOf(args, 1, { now: Date.now });
        assert.match(output, /\\u009b31m/);
        // deno-lint-ignore no-control-regex
        assert.doesNotMatch(output, /[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
      }
    });
  });

  it("ends a body that has no end", async () => {
    const listener: RequestListener = (_request, response) => {
      response.writeHead(200, {
        ...SOUND,
        "set-cookie": `sid=${crypto.randomUUID()}${VALUE}; ${USUAL}`,
      });
      const piece = "x".repeat(100_000);
      const write = () => {
        while (!response.destroyed && response.write(piece));
      };
      response.on("drain", write);
      write();
    };
    await serve(listener, async (port) => {
      const { faults } = await doctor(`http://localhost:${port}/`);
      assert.deepEqual(faults, []);
    });
  });

  describe("tells what it has seen of a server that", () => {
    const codesOf = async (port: number) => {
      const { faults, notes } = await doctor(`http://127.0.0.1:${port}/`);
      return [...faults, ...notes].map(({ code }) => code);
    };

    it("never ends its answer", async () => {
      const listener: RequestListener = (_request, response) => {
        response.writeHead(200, { ...SOUND, "set-cookie": lineOf() });
        response.write("data: 1\n\n");
      };
      await serve(listener, async (port) => {
        // One visit, as this is a POST; a busy machine has time to begin.
        const { status, sessions, faults } = await doctor(
          `http://127.0.0.1:${port}/`,
          { method: "POST", timeout: 3 },
        );
        assert.equal(status, 200);
        assert.deepEqual(sessions, ["sid"]);
        assert.deepEqual(faults, []);
      });
    });

    it("breaks its answer off", async () => {
      const answer = [
        "HTTP/1.1 200 OK",
        "Content-Length: 1000",
        "Cache-Control: no-store",
      ];
      await serveBytes(() => [...answer, `Set-Cookie: ${lineOf()}`], async (
        port,
      ) => assert.deepEqual(await codesOf(port), []));
    });

    it("closes each connection without a word of it", async () => {
      const answer = ["HTTP/1.1 200 OK", "Content-Length: 0"];
      const fields = () => [
        ...answer,
        "Cache-Control: no-store",
        `Set-Cookie: ${lineOf()}`,
      ];
      await serveBytes(fields, async (port) => {
        assert.deepEqual(await codesOf(port), []);
      });
    });

    it("answers once", async () => {
      let count = 0;
      const listener: RequestListener = (_request, response) => {
        if (count++) return void response.destroy();
        const line = `sid=${VALUE}; Path=/; SameSite=Lax`;
        response.writeHead(200, { ...SOUND, "set-cookie": line });
        response.end();
      };
      await serve(listener, async (port) => {
        assert.deepEqual(await codesOf(port), ["leak-script", "unanswered"]);
      });
    });

    it("hangs up on its own cookies", async () => {
      const listener: RequestListener = ({ headers }, response) => {
        if (headers.cookie) return void response.destroy();
        response.writeHead(200, { ...SOUND, "set-cookie": lineOf() });
        response.end();
      };
      await serve(listener, async (port) => {
        assert.deepEqual(await codesOf(port), ["refused"]);
      });
    });

    it("answers with another protocol", async () => {
      const fields = () => [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: other",
        "Connection: upgrade",
      ];
      await serveBytes(fields, async (port) => {
        const { status } = await doctor(`http://127.0.0.1:${port}/`);
        assert.equal(status, 101);
      });
    });

    it("sets thousands of cookies, of which the last is the session", async () => {
      const fields = () => [
        "HTTP/1.1 200 OK",
        "Content-Length: 0",
        "Cache-Control: no-store",
        ...Array.from({ length: 5_000 }, (_, i) => `Set-Cookie: s${i}=v`),
        `Set-Cookie: sid=${VALUE}; Path=/; SameSite=Lax`,
      ];
      await serveBytes(fields, async (port) => {
        const found = await codesOf(port);
        assert.ok(found.includes("cache-same"));
        assert.ok(found.includes("leak-script"));
      });
    });

    it("sends fields without an end", async () => {
      const fields = () => ["HTTP/1.1 200 OK", `X: ${"x".repeat(300_000)}`];
      await serveBytes(fields, async (port) => {
        const output = await outputOf(["doctor", `localhost:${port}`], 3, {
          now: Date.now,
        });
        assert.match(inOneLine(output), /more than 256 kB of header fields/);
      });
    });
  });

  it("reads a body that is for no history", async () => {
    const bodies: string[] = [];
    const listener: RequestListener = (request, response) => {
      request.on("data", (piece) => bodies.push(`${piece}`));
      request.on("end", () => response.end());
    };
    await serve(listener, async (port) => {
      const read = () => Promise.resolve("password=swordfish\n");
      await outputOf(["doctor", `127.0.0.1:${port}`, "--data", "@-"], 3, {
        now: Date.now,
        read,
      });
    });
    assert.deepEqual(bodies, ["password=swordfish"]);
  });
});

/** A sound cookie that nobody had before. */
function lineOf(): string {
  return `sid=${crypto.randomUUID()}${VALUE}; ${USUAL}`;
}

/** Runs a server that sends just these lines, and closes the connection. */
async function serveBytes(
  lines: () => readonly string[],
  use: (port: number) => Promise<void>,
): Promise<void> {
  const server = createTcpServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(`${lines().join("\r\n")}\r\n\r\n`));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    await use((server.address() as AddressInfo).port);
  } finally {
    server.close();
  }
}
