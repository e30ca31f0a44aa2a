import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type SessionOptions, withSession } from "../../mod.ts";
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
    assert.match(text, /^with-session: .*cookie\.secure to true.*false/);
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

  it("is told nothing of a bad cookie that it only read", async () => {
    const events: string[] = [];
    const handle = withSession((_request, session) => {
      return Response.json(session.keys());
    }, { secret: SECRET, onEvent: ({ type }) => void events.push(type) });
    const headers = { cookie: "__Host-sid=bad; sid=bad" };
    await handle(new Request("http://nas.local/", { headers }));
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
