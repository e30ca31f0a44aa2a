import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type SessionOptions, withSession } from "../../mod.ts";
import { resolveOptions } from "../../src/options/resolve.ts";
import { join } from "../../src/request/cookie_parts.ts";
import { visitOf } from "../../src/session/begin.ts";
import { setUp } from "../shared/support.ts";

const NAME = "__Host-sid";
const TEXT = "abcdefghij".repeat(500);

interface Seen {
  readonly text: unknown;
  readonly events: readonly string[];
  readonly lines: readonly string[];
}

/** What a program says to the cookies of a request that only reads. */
function visitor(
  more: Partial<Omit<SessionOptions, "lazy">> = {},
): (cookie: string, path?: string) => Promise<Seen> {
  const { options, events } = setUp({ overflow: "parts", ...more });
  const handler = withSession((request, session) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/fill") session.set("text", TEXT);
    if (pathname === "/note") session.set("note", 1);
    return Response.json(session.get("text") ?? null);
  }, options);
  return async (cookie, path = "/look") => {
    events.splice(0);
    const response = await handler(
      new Request(`https://example.com${path}`, { headers: { cookie } }),
    );
    return {
      text: await response.json(),
      events: events.map((event) =>
        "reason" in event ? `${event.type}: ${event.reason}` : event.type
      ),
      lines: response.headers.getSetCookie(),
    };
  };
}

/** The pairs of a session in two parts, the first one first. */
async function filled(
  ask: ReturnType<typeof visitor>,
): Promise<[string, string]> {
  const { lines } = await ask("a=b", "/fill");
  const [further = "", first = ""] = lines.map((line) =>
    line.split(";", 1)[0] ?? ""
  );
  return [first, further];
}

describe("Cookies of others beside a session in parts", () => {
  it("may be called like them, and be taken over", async () => {
    const names = ["__Host-sid.0", "__Host-sid.1"];
    const ask = visitor({
      accept: [{
        name: "other",
        until: Infinity,
        keep: false,
        read: ({ valuesOf }) => {
          const [key] = valuesOf("__Host-sid.0");
          return Promise.resolve(
            key ? { key, data: { text: TEXT } } : undefined,
          );
        },
        clear: (given) =>
          names.filter((each) => given.names.includes(each))
            .map((each) => `${each}=; Max-Age=0; Path=/; HttpOnly; Secure`),
      }],
    });
    const jar = new Map(names.map((name) => [name, "theirs"]));
    for (const path of ["/look", "/note", "/look"]) {
      const cookie = [...jar].map((pair) => pair.join("=")).join("; ");
      const { text, lines } = await ask(cookie, path);
      assert.equal(text, TEXT);
      for (const line of lines) {
        const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        if (value) jar.set(name, value);
        else jar.delete(name);
      }
      assert.deepEqual([...jar.keys()].sort(), [NAME, `${NAME}.1`]);
    }
  });

  it("are no parts: by another name, or with another value", async () => {
    const ask = visitor({ cookie: { secure: false } });
    for (
      const cookie of [
        "mysid.1=AAAAAAAA.b",
        "x=sid.1=AAAAAAAA.b",
        "sid.1=hello",
        "sid.1=hello.AAAAAAAA.b",
        "sid.1=",
        "sid=; sid.1=; sid.2=",
      ]
    ) {
      const { events, lines } = await ask(cookie);
      assert.deepEqual([events, lines], [[], []], cookie);
      const wrote = await ask(cookie, "/note");
      assert.deepEqual(
        wrote.lines.map((line) => line.split("=", 1)[0]),
        ["sid"],
        cookie,
      );
    }
  });

  it("leave one that is whole as it is", async () => {
    const ask = visitor();
    const pairs = await filled(ask);
    for (const other of [`x${NAME}.2=AAAAAAAA.b`, `${NAME}.2=hello`]) {
      const { text, lines } = await ask([other, ...pairs].join("; "), "/note");
      assert.equal(text, TEXT);
      assert.equal(lines.length, 2, other);
    }
  });
});

describe("A first part without the others", () => {
  const alone = `${NAME}=2.${"A".repeat(32)}`;

  it("is told from a value that only looks like one", async () => {
    const ask = visitor();
    assert.deepEqual((await ask(alone)).events, ["rejected: parts"]);
    // No session is in 32 cookies.
    const other = `${alone.replace("=", "=3")}; ${NAME}.1=hello`;
    const { events } = await ask(other);
    assert.deepEqual(events, ["rejected: too-short"]);
  });

  it("takes nothing from a session that is in one cookie", async () => {
    const ask = visitor();
    const { lines } = await ask("a=b", "/note");
    const [whole = ""] = (lines[0] ?? "").split(";");
    for (const pairs of [[alone, whole], [whole, alone]]) {
      assert.deepEqual((await ask(pairs.join("; "))).events, ["opened"]);
    }
  });
});

describe("Parts of a field that was joined by a comma", () => {
  it("are not read, and stay for a request that is read", async () => {
    const ask = visitor();
    const [first, further] = await filled(ask);
    for (
      const cookie of [
        `${first}, ${further}`,
        `${further}, ${first}`,
        `${first}; a=b, ${further}`,
        `a=b, ${first}; ${further}`,
      ]
    ) {
      const { text, events, lines } = await ask(cookie);
      assert.equal(text, null);
      assert.deepEqual(events, ["rejected: joined"], cookie);
      assert.deepEqual(lines, []);
    }
    assert.equal((await ask(`${first}; ${further}`)).text, TEXT);
  });
});

describe("Many parts that somebody has planted", () => {
  const joined = (pairs: readonly string[]): string[] => {
    const settings = resolveOptions(setUp({ overflow: "parts" }).options);
    const visit = visitOf(settings, new Request("https://example.com/"));
    return join(visit, pairs.join("; ")).split("; ");
  };
  const firsts = Array.from(
    { length: 200 },
    (_, i) => `${NAME}=9.${"A".repeat(32)}${i}`,
  );
  const further = Array.from(
    { length: 200 },
    (_, i) => `${NAME}.${1 + i % 8}=AAAAAAAA.${i}`,
  );

  it("make no more tokens than are opened", () => {
    assert.equal(joined([...firsts, ...further]).length, 16);
  });

  it("make none without the letters by which they are known", () => {
    const pairs = [...firsts, ...further].map((pair) =>
      pair.replace(/A{8,}/, "")
    );
    assert.deepEqual(joined(pairs), pairs);
  });

  it("take nothing from a session while theirs are missing", async () => {
    const ask = visitor();
    const pairs = await filled(ask);
    const { text } = await ask([...firsts, ...pairs].join("; "));
    assert.equal(text, TEXT);
  });
});

describe("A name that leaves a cookie no room for the letters", () => {
  it("makes an error of a session that would not be read again", async () => {
    const share = (length: number) =>
      visitor({
        overflow: { most: 9, maxBytes: 9_000 },
        cookie: { name: `__Host-${"n".repeat(length)}`, maxBytes: 256 },
      });
    const { lines } = await share(206)("a=b", "/note");
    const [first = "", ...more] = lines.toReversed();
    assert.match(first, /=4\.[\w-]{32};/);
    assert.equal(more.length, 3);
    await assert.rejects(share(207)("a=b", "/note"), { code: "oversize" });
  });
});
