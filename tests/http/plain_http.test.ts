import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSessions, type SessionOptions, withSession } from "../../mod.ts";
import { SECRET } from "../shared/format.ts";

/** What a program prints that sets a value at these addresses. */
async function printed(
  urls: readonly string[],
  options: Omit<Partial<SessionOptions>, "lazy"> = {},
): Promise<string[]> {
  const texts: string[] = [];
  const kept = console.warn;
  console.warn = (...args: unknown[]) => void texts.push(args.join(" "));
  try {
    const handle = withSession((request, session) => {
      if (!request.url.endsWith("/read")) session.login("ada");
      return new Response(session.userId);
    }, { secret: SECRET, ...options });
    for (const url of urls) await handle(new Request(url));
  } finally {
    console.warn = kept;
  }
  return texts;
}

const ELSEWHERE = [
  "http://192.168.0.20:3000/",
  "http://0.0.0.0:3000/",
  "http://nas.local/",
  "http://shop.example.com/",
];

describe("a program whose cookies are never set", () => {
  it("is told once in the console, without a listener", async () => {
    const texts = await printed(ELSEWHERE);
    assert.equal(texts.length, 1);
    const [text = ""] = texts;
    assert.match(
      text,
      /cookie\.secure to true.*false \(with-session: docs\/errors\/insecure\.md\)$/,
    );
    for (const part of ["192", "nas", "shop", "ada", SECRET]) {
      assert.equal(text.includes(part), false, part);
    }
  });

  it("is told by its listener alone, each time", async () => {
    const events: string[] = [];
    const onEvent = ({ type }: { type: string }) => void events.push(type);
    assert.deepEqual(await printed(ELSEWHERE, { onEvent }), []);
    assert.deepEqual(events, ELSEWHERE.map(() => "insecure"));
  });

  it("is told nothing where nothing is lost", async () => {
    const urls = [
      "https://shop.example.com/",
      "http://localhost:3000/",
      "http://shop.example.com/read",
    ];
    assert.deepEqual(await printed(urls), []);
    for (const secure of [true, false]) {
      assert.deepEqual(await printed(ELSEWHERE, { cookie: { secure } }), []);
    }
  });

  it("is told nothing of a cookie that it only read, bad or old", async () => {
    const events: string[] = [];
    let now = Date.UTC(2036, 0, 1);
    const options = {
      secret: SECRET,
      now: () => now,
      onEvent: ({ type }: { type: string }) => void events.push(type),
    };
    const handle = withSession((_request, session) => {
      return Response.json(session.keys());
    }, options);
    const sessions = createSessions(options);
    const session = sessions.create();
    session.set("a", 1);
    const good = await sessions.seal(session);
    now += 80_000_000;
    for (const token of ["bad", good]) {
      const headers = { cookie: `__Host-sid=${token}` };
      const response = await handle(
        new Request("http://nas.local/", { headers }),
      );
      assert.deepEqual(response.headers.getSetCookie(), []);
      assert.deepEqual(await response.json(), token === good ? ["a"] : []);
    }
    assert.ok(!events.includes("insecure"));
  });

  it("is not told so of a request from another site", async () => {
    const headers = {
      "sec-fetch-site": "cross-site",
      "sec-fetch-dest": "empty",
    };
    const texts: string[] = [];
    const kept = console.warn;
    console.warn = (text: string) => void texts.push(text);
    try {
      const handle = withSession((_request, session) => {
        session.set("a", 1);
        return new Response();
      }, { secret: SECRET });
      await handle(new Request("https://nas.local/", { headers }));
    } finally {
      console.warn = kept;
    }
    assert.deepEqual(texts, []);
  });
});
