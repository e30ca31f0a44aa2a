import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "../../cli.ts";
import { createSessions, type Session, withSession } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import {
  type Bench,
  markedSecret,
  type MoreOptions,
  setUp,
  START,
  turn,
} from "../shared/support.ts";
import { inOneLine, jsonOf, outputOf } from "./_terminal.ts";

/** A token of a session, and the environment to open it. */
async function sealed(
  change: (session: Session) => void,
  more: MoreOptions = {},
): Promise<Bench & { token: string; env: Record<string, string> }> {
  const bench = setUp(more);
  const sessions = createSessions(bench.options);
  const session = sessions.create();
  change(session);
  const token = await sessions.seal(session);
  const env = { SESSION_SECRET: `${bench.options.secret}` };
  return { ...bench, token, env };
}

/** The `Cookie` field of a visit by https, all cookies of it. */
async function visited(
  change: (session: Session) => void,
  more: MoreOptions,
  url = "https://example.com/",
) {
  const bench = setUp(more);
  const handle = withSession((_request, session) => {
    change(session);
    return new Response();
  }, bench.options);
  const response = await handle(new Request(url));
  const lines = response.headers.getSetCookie();
  const pairs = lines.map((line) => line.split(";")[0] ?? "");
  const env = { SESSION_SECRET: `${bench.options.secret}` };
  return { ...bench, lines, pairs, field: pairs.join("; "), env };
}

function long(session: Session): void {
  // Nothing that could be compressed.
  for (let i = 0; i < 5; i++) {
    const bytes = crypto.getRandomValues(new Uint8Array(450));
    session.set(`k${i}`, [...bytes].map((each) => each.toString(36)).join(""));
  }
}

describe("inspect", () => {
  it("shows what is in a session", async () => {
    const { token, env } = await sealed((session) => {
      session.login("ada");
      session.set("cart", ["tea", { n: 2 }]);
      session.flash("notice", "hello");
      session.flash("notice", "again");
    });
    const output = await outputOf(["inspect", token], 0, { env });
    assert.match(output, /^cookie good\n/);
    assert.match(output, /^ {2}User +ada$/m);
    assert.match(output, /^ {2}Data +cart: \["tea",\{"n":2\}\]$/m);
    assert.match(output, /^ {2}Notices +2 under notice$/m);
    assert.match(
      inOneLine(output),
      /Ends 2036-01-02 00:00:00 UTC, in 1 d, by the idle timeout of 86400 s, the default/,
    );
    assert.doesNotMatch(output, /hello/);
    assert.ok(
      !output.includes(token) && !output.includes(env["SESSION_SECRET"]!),
    );
    const { ok, cookies: [report] } = await jsonOf(["inspect", token], 0, {
      env,
    });
    assert.equal(ok, true);
    assert.equal(report.kept, "cookie");
    assert.equal(report.createdAt, START);
    assert.equal(report.contents.user, "ada");
    assert.match(report.id, /^[\w-]{8}$/);
  });

  it("hides values that look like secrets", async () => {
    const { token, env } = await sealed((session) => {
      session.set("oauth", {
        accessToken: "swordfish",
        list: ["ey0123456789.0123456789.x"],
      });
      session.set("password", "swordfish");
      session.set("tokens", 3);
    });
    const output = await outputOf(["inspect", token], 0, { env });
    assert.doesNotMatch(output, /swordfish|ey01/);
    assert.match(
      inOneLine(output),
      /Hidden oauth\.accessToken, oauth\.list\[0\], password:/,
    );
    assert.match(output, /tokens: 3/);
    const { cookies } = await jsonOf(["inspect", token], 0, { env });
    assert.doesNotMatch(JSON.stringify(cookies), /swordfish|ey01/);
    const all = await outputOf(["inspect", token, "--reveal"], 0, { env });
    assert.equal(all.match(/swordfish/g)?.length, 2);
  });

  it("shows nothing that a terminal would obey", async () => {
    const { token, env } = await sealed((session) => {
      session.set("name", "a\x1b[2J\x9b31m\u202eb");
    });
    const output = await outputOf(["inspect", token], 0, { env });
    assert.match(output, /a\\u001b\[2J\\u009b31m\\u202eb/);
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(output, /[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
  });

  describe("finds the cookie", () => {
    const forms: Record<string, (name: string, token: string) => string> = {
      "in a pair": (name, token) => `${name}=${token}`,
      "in a Cookie field": (name, token) =>
        `Cookie: a=b; ${name}=${token}; c="d"`,
      "in a Set-Cookie field": (name, token) =>
        `set-cookie: ${name}=${token}; Max-Age=86400; Path=/; HttpOnly`,
      "in a transcript of curl": (name, token) =>
        `> GET / HTTP/1.1\r\n> Host: localhost\r\n< HTTP/1.1 200 OK\r\n< Set-Cookie: ${name}=${token}; Path=/\r\n< Vary: Cookie\r\n\r\nVisit 1\r\n`,
      "in a command": (name, token) =>
        `curl 'https://example.com/' -H 'accept: */*' -b 'x=1; ${name}=${token}' --compressed`,
      "in a command of Windows": (name, token) =>
        `curl ^"https://example.com/^" -b ^"${name}=${token}^"`,
      "in a file of curl": (name, token) =>
        `# Netscape HTTP Cookie File\n#HttpOnly_example.com\tFALSE\t/\tTRUE\t0\t${name}\t${token}\n`,
      "in a row of the developer tools": (name, token) =>
        `${name}\t${token}\texample.com\t/\t2036-01-02\t176\t✓\t✓\tLax`,
      "in JSON of a browser": (name, token) =>
        JSON.stringify({
          cookies: [{ name: "a", value: "b" }, {
            name,
            value: token,
            path: "/",
          }],
        }),
      "in quotation marks": (name, token) => `"${name}=${token}"`,
    };
    for (const [form, write] of Object.entries(forms)) {
      it(form, async () => {
        const { token, env } = await sealed((session) => session.set("n", 1));
        const read = () => Promise.resolve(write("__Host-sid", token));
        const output = await outputOf(["inspect"], 0, { env, read });
        assert.match(output, /^__Host-sid good\n/);
        assert.match(output, /n: 1/);
      });
    }

    it("alone, also broken into lines", async () => {
      const { token, env } = await sealed((session) => session.set("n", 1));
      for (
        const text of [
          `\n ${token}\n`,
          `'${token}'`,
          token.replace(/.{70}/g, "$&\n  "),
        ]
      ) {
        const read = () => Promise.resolve(text);
        assert.match(
          await outputOf(["inspect", "-"], 0, { env, read }),
          /^cookie good/,
        );
      }
    });

    it("in the clipboard", async () => {
      const { token, env } = await sealed((session) => session.set("n", 1));
      const paste = () => Promise.resolve(token);
      await outputOf(["inspect", "--clipboard"], 0, { env, paste });
    });

    it("of http://localhost, whose name has the port", async () => {
      const { field, env } = await visited(
        (session) => session.set("n", 1),
        {},
        "http://localhost:3000/",
      );
      assert.match(field, /^sid-3000=/);
      await outputOf(["inspect", field], 0, { env });
    });

    it("of another name", async () => {
      const cookie = { name: "__Host-auth" };
      const { token, env } = await sealed((session) => session.set("n", 1), {
        cookie,
      });
      await outputOf(["inspect", `__Host-auth=${token}`], 0, { env });
      const bare = await outputOf(["inspect", token], 1, { env });
      assert.match(
        inOneLine(bare),
        /Give the cookie's name, which is sealed in/,
      );
      await outputOf(["inspect", token, "--name", "__Host-auth"], 0, { env });
      const wrong = await outputOf(
        ["inspect", `sid=${token}`, "--name", "sid", "--name", "__Host-auth"],
        1,
        { env },
      );
      assert.match(
        inOneLine(wrong),
        /made for a cookie of the name __Host-auth, and came as sid/,
      );
    });

    it("of several, each with its own verdict", async () => {
      const one = await sealed((session) => session.set("n", 1));
      const other = await sealed((session) => session.set("n", 2));
      const text = `__Host-sid=${one.token}; x=y; __Host-sid=${other.token}`;
      const { env } = one;
      const { ok, cookies } = await jsonOf(["inspect", text], 1, { env });
      assert.equal(ok, false);
      const verdicts = cookies.map((each: Record<string, string>) =>
        each["reason"] ?? each["status"]
      );
      assert.deepEqual(verdicts, ["good", "unknown-key"]);
    });

    it("or says that there is none, and which there are", async () => {
      const output = await outputOf(
        [
          "inspect",
          "Cookie: connect.sid=s%3Aabcdefghijk; Path=/; theme=darkdarkdark",
        ],
        3,
      );
      assert.match(
        inOneLine(output),
        /no cookie of with-session in it, but connect\.sid, theme/,
      );
      await outputOf(["inspect", ""], 3);
    });

    it("is not looked for forever in blanks without an end", async () => {
      const read = () => Promise.resolve(`a${" ".repeat(500_000)}b`);
      await outputOf(["inspect"], 3, { read });
    });

    it("is none in bytes of a file that is no text", async () => {
      const read = () => Promise.resolve("\ufffd#\u0007&S\t\ufffd12345678\n");
      assert.equal(
        await outputOf(["inspect"], 3, { read }),
        "with-session: There is no cookie of with-session in it\n",
      );
    });

    it("that removes the session", async () => {
      const { env } = await sealed((session) => session.set("n", 1));
      const line = "set-cookie: __Host-sid=; Max-Age=0; Path=/";
      const output = await outputOf(["inspect", line], 0, { env });
      assert.match(output, /^__Host-sid removed/);
    });
  });

  describe("opens a session", () => {
    it("in parts", async () => {
      const { field, pairs, env } = await visited(long, { overflow: "parts" });
      assert.ok(pairs.length > 1);
      const { cookies: [report] } = await jsonOf(["inspect", field], 0, {
        env,
      });
      assert.equal(report.parts, pairs.length);
      assert.deepEqual(Object.keys(report.contents.data).length, 5);
    });

    it("whose parts are not all there", async () => {
      const { pairs, env } = await visited(long, { overflow: "parts" });
      const first = pairs.find((pair) => pair.startsWith("__Host-sid="))!;
      const output = await outputOf(["inspect", first], 1, { env });
      assert.match(
        inOneLine(output),
        /first of 2 cookies of one session, and of those __Host-sid\.1 is not here/,
      );
      const other = await visited(long, { overflow: "parts" });
      const mixed = [
        first,
        ...other.pairs.filter((pair) => pair.includes(".1=")),
      ];
      const { cookies } = await jsonOf(["inspect", mixed.join("; ")], 1, {
        env,
      });
      assert.equal(cookies[0].reason, "parts");
    });

    it("that is compressed", async () => {
      const { field, env } = await visited(
        (session) => session.set("text", "swordfish ".repeat(100)),
        { compress: true },
      );
      const output = await outputOf(["inspect", field], 0, { env });
      assert.match(output, /in 1 cookie, compressed/);
      assert.equal(output.match(/swordfish/g)?.length, 100);
    });

    it("by an older secret", async () => {
      const { token, options } = await sealed((session) => session.set("n", 1));
      const env = { NEW: markedSecret(), OLD: `${options.secret}` };
      const args = ["inspect", token, "--env", "NEW", "--env", "OLD"];
      const output = await outputOf(args, 0, { env });
      assert.match(inOneLine(output), /OLD, key \d+, not the newest/);
    });

    it("whose program has a codec", async () => {
      const codec = {
        stringify: (value: unknown) => `!${JSON.stringify(value)}`,
        parse: (text: string) => JSON.parse(text.slice(1)),
      };
      const { token, env } = await sealed((session) => session.set("n", 1), {
        codec,
      });
      assert.match(
        await outputOf(["inspect", token], 0, { env }),
        /It is no JSON/,
      );
      const all = await outputOf(["inspect", token, "--reveal"], 0, { env });
      assert.match(all, /Text +!\{"n":1\}/);
    });
  });

  describe("of a session in a store", () => {
    const store = () => new MemoryStore({ now: () => START });

    it("says so, and what the cookie refers to", async () => {
      const { token, env } = await sealed((session) => session.login("ada"), {
        store: store(),
      });
      const output = await outputOf(["inspect", token], 0, { env });
      assert.match(
        inOneLine(output),
        /The data is in a store, and the cookie refers to it/,
      );
      assert.doesNotMatch(output, /ada/);
    });

    it("reads its record, also a sealed one", async () => {
      for (const encrypt of [false, true]) {
        const kept = store();
        const { token, options } = await sealed((session) => {
          session.login("ada", { label: "Phone" });
          session.set("n", 1);
          session.set("accessToken", "swordfish");
        }, { store: kept, encrypt });
        const [report] = await inspect(token, {
          secret: `${options.secret}`,
          store: kept,
          now: () => START,
        });
        assert.equal(report?.status, "good");
        assert.equal(report?.contents?.user, "ada");
        assert.deepEqual(report?.contents?.data, {
          n: 1,
          accessToken: "(hidden: 9 characters)",
        });
        assert.equal(report?.record?.revision, 1);
        assert.doesNotMatch(JSON.stringify(report), /swordfish/);
      }
    });

    it("says that it has ended, and that a login has replaced the cookie", async () => {
      const kept = store();
      const { token, options } = await sealed(
        (session) => session.set("n", 1),
        { store: kept },
      );
      const inspected = async () => {
        const [report] = await inspect(token, {
          secret: `${options.secret}`,
          store: kept,
          now: () => START,
        });
        return [report?.status, report?.reason];
      };
      const sessions = createSessions(options);
      const session = await sessions.unseal(token);
      session?.login("ada");
      await session?.save();
      assert.deepEqual(await inspected(), ["replaced", "replaced"]);
      session?.destroy();
      await session?.save();
      assert.deepEqual(await inspected(), ["ended", "missing"]);
    });

    it("that has outgrown its cookie", async () => {
      const kept = store();
      const { field, env } = await visited((session) => {
        long(session);
        long(session);
        session.set("k", "x".repeat(5000));
      }, { overflow: kept });
      const { cookies: [report] } = await jsonOf(["inspect", field], 0, {
        env,
      });
      assert.equal(report.kept, "store");
    });
  });

  describe("says why not", () => {
    const refused: Record<
      string,
      readonly [(token: string) => string, RegExp]
    > = {
      "too-short": [
        (token) => token.slice(0, 80),
        /80 characters, and the shortest cookie has 102/,
      ],
      forged: [(token) => turn(token, -1, 1), /the seal does not fit/],
      version: [(token) => turn(token, 0, 2), /not of format 1/],
      "not-base64url": [
        (token) => token.slice(0, -1) + "~",
        /characters that no cookie/,
      ],
    };
    for (const [reason, [change, said]] of Object.entries(refused)) {
      it(reason, async () => {
        const { token, env } = await sealed((session) => session.set("n", 12));
        const bad = change(token);
        const output = await outputOf(["inspect", bad], 1, { env });
        assert.match(inOneLine(output), said);
        assert.match(output, /To do/);
        const { cookies: [report] } = await jsonOf(["inspect", bad], 1, {
          env,
        });
        assert.equal(report.reason, reason);
      });
    }

    it("another secret, and which", async () => {
      const { token } = await sealed((session) => session.set("n", 1));
      const env = { SESSION_SECRET: markedSecret() };
      const output = await outputOf(["inspect", token], 1, { env });
      assert.match(
        inOneLine(output),
        /sealed with the secret of key \d+, which is not here: there is key \d+ in SESSION_SECRET/,
      );
    });

    it("no secret", async () => {
      const { token } = await sealed((session) => session.set("n", 1));
      const output = await outputOf(["inspect", token], 3);
      assert.match(
        inOneLine(output),
        /sealed with the secret of key \d+ To do Set SESSION_SECRET/,
      );
    });

    it("a bad secret, and does not show it", async () => {
      const env = { SESSION_SECRET: "swordfish" };
      const output = await outputOf(["inspect", "x"], 3, { env });
      assert.match(
        output,
        /The secret in SESSION_SECRET must be at least 32 bytes, as\s+generateSecret\(\) makes: it is 9/,
      );
    });

    it("a clock that is ahead", async () => {
      const { token, env } = await sealed((session) => session.set("n", 1));
      const now = () => START - 61_000;
      const output = await outputOf(["inspect", token], 1, { env, now });
      assert.match(
        inOneLine(output),
        /clock that is ahead of this one: in 1 min 1 s/,
      );
      await outputOf(["inspect", token], 0, { env, now: () => START - 60_000 });
    });
  });

  describe("names the rule by which it ends", () => {
    const DAY = 86_400;
    const rules: readonly (readonly [
      what: string,
      options: MoreOptions,
      persist: number | undefined,
      args: readonly string[],
      says: RegExp,
      lasts: number,
    ])[] = [
      [
        "the default",
        {},
        undefined,
        [],
        /the idle timeout of 86400 s, the default/,
        DAY,
      ],
      [
        "persist()",
        {},
        7 * DAY,
        [],
        /idle timeout of 604800 s, by persist\(\)/,
        7 * DAY,
      ],
      [
        "absolute",
        { idleTimeout: 30 * DAY },
        undefined,
        [],
        /absolute timeout of 2592000 s, the default/,
        30 * DAY,
      ],
      [
        "given idle",
        { idleTimeout: 60 },
        undefined,
        ["--idle-timeout", "60"],
        /idle timeout of 60 s, as --idle/,
        60,
      ],
      [
        "given absolute",
        { absoluteTimeout: 60 },
        undefined,
        ["--absolute-timeout", "60"],
        /absolute timeout of 60 s, as --absolute/,
        60,
      ],
      [
        "shorter now",
        {},
        undefined,
        ["--idle-timeout", "60"],
        /60 s, as --idle-timeout says: that is shorter now/,
        60,
      ],
      [
        "not known",
        { idleTimeout: 60 },
        undefined,
        [],
        /idle timeout of 60 s or an absolute one of 60 s/,
        60,
      ],
      [
        "not the idle one",
        { absoluteTimeout: 50 },
        undefined,
        ["--idle-timeout", "60"],
        /an absolute timeout of 50 s/,
        50,
      ],
      [
        "not the absolute one",
        { idleTimeout: 60 },
        undefined,
        ["--absolute-timeout", "70"],
        /an idle timeout of 60 s/,
        60,
      ],
    ];
    for (const [what, options, persist, args, says, lasts] of rules) {
      it(what, async () => {
        const { token, env } = await sealed((session) => {
          if (persist) session.persist(persist);
          session.set("n", 1);
        }, options);
        const inspecting = ["inspect", token, ...args];
        const at = (seconds: number) => ({
          env,
          now: () => START + seconds * 1000,
        });
        const { cookies: [report] } = await jsonOf(
          inspecting,
          0,
          at(lasts - 1),
        );
        assert.match(report.ending.says, says);
        assert.equal(report.expiresAt, START + lasts * 1000);
        const ended = await outputOf(inspecting, 1, at(lasts));
        assert.match(ended, /^cookie ended/);
        assert.match(inOneLine(ended), says);
      });
    }
  });
});
