import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withSession } from "../../mod.ts";
import { readOn } from "../../src/options/check.ts";
import { SECRET } from "../shared/format.ts";
import { withGlobal } from "../shared/surroundings.ts";

// A page of this machine that asks for it by another of its names.

const CROSS = {
  "sec-fetch-site": "cross-site",
  referer: "http://localhost:3000/home",
};

/** What the console is told of these requests to one program. */
async function warningsOf(
  ...asked: readonly (readonly [url: string, headers: HeadersInit])[]
): Promise<string[]> {
  const said: string[] = [];
  const warn = (text: string) => said.push(text);
  const handler = withSession(
    (_request, session) => new Response(session.userId ?? "nobody"),
    { secret: SECRET },
  );
  await withGlobal("console", { ...console, warn }, async () => {
    for (const [url, headers] of asked) {
      await handler(new Request(url, { headers }));
    }
  });
  return said;
}

describe("a page of another name of this machine", () => {
  it("is told of in the console, once for a program", async () => {
    assert.deepEqual(
      await warningsOf(
        ["http://127.0.0.1:3000/", CROSS],
        ["http://127.0.0.1:3000/", CROSS],
      ),
      [
        "A page at localhost asked 127.0.0.1, where the browser has other " +
        `cookies, and so another session: use one name${readOn("other-host")}`,
      ],
    );
  });

  for (
    const [page, url] of [
      ["http://127.0.0.1:3000/", "http://localhost:3000/"],
      ["http://[::1]:3000/", "http://localhost:8000/a?b=c"],
      ["http://localhost/", "http://[::1]/"],
    ] as const
  ) {
    it(`is told of where ${page} asks ${url}`, async () => {
      const [said = "", ...more] = await warningsOf(
        [url, { ...CROSS, referer: page }],
      );
      const names = [page, url].map((each) => new URL(each).hostname);
      assert.ok(said.startsWith(`A page at ${names.join(" asked ")}, `), said);
      assert.deepEqual(more, []);
    });
  }

  const quiet: Readonly<Record<string, readonly [string, HeadersInit]>> = {
    "of the same name": ["http://localhost:3000/", CROSS],
    "behind the proxy of a development server": [
      "http://127.0.0.1:3000/",
      { ...CROSS, "sec-fetch-site": "same-origin" },
    ],
    "whose browser says nothing": [
      "http://127.0.0.1:3000/",
      { referer: CROSS.referer },
    ],
    "that does not say where it is": [
      "http://127.0.0.1:3000/",
      { "sec-fetch-site": "cross-site" },
    ],
    "of somebody else": [
      "http://127.0.0.1:3000/",
      { ...CROSS, referer: "http://localhost.example/" },
    ],
    "that is another subdomain": ["http://shop.localhost:3000/", CROSS],
    "whose browser has a session here": [
      "http://127.0.0.1:3000/",
      { ...CROSS, cookie: "sid-3000=old" },
    ],
    "on https": ["https://127.0.0.1:3000/", CROSS],
    "behind a proxy": [
      "http://127.0.0.1:3000/",
      { ...CROSS, "x-forwarded-for": "192.0.2.1" },
    ],
  };
  for (const [which, request] of Object.entries(quiet)) {
    it(`is not told of, one ${which}`, async () => {
      assert.deepEqual(await warningsOf(request), []);
    });
  }
});
