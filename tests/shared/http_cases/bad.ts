import assert from "node:assert/strict";
import type { SessionEvent } from "../../../mod.ts";
import type { Browser } from "../../../testing/browser.ts";
import { browse, type HttpCase, type HttpHarness } from "../harness.ts";
import {
  assertHarmless,
  assertNoCookie,
  attributesOf,
  type Handler,
  IN_BACKGROUND,
  lineOf,
  NAVIGATION,
  requestWith,
  tokenOf,
  turn,
  typesOf,
} from "../support.ts";

const CLEARED =
  "__Host-sid=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax";

/** Keeps a word on POST, shows it on GET. */
const words: Handler = (request, session) => {
  if (request.method === "POST") session.set("word", "swordfish");
  return Response.json([session.isNew, session.get("word") ?? null]);
};

interface BadCookie {
  readonly about: string;
  readonly cookie: string;
  readonly reason: string;
  /** Of the secret in the events, where the token names one. */
  readonly hasKeyId?: true;
}

/** What is sent instead of a good token. */
function badCookies(good: string): BadCookie[] {
  const bad = (about: string, token: string, reason: string) => ({
    about,
    cookie: `__Host-sid=${token}`,
    reason,
  });
  return [
    bad("a word", "deleted", "too-short"),
    bad("cut short", good.slice(0, 101), "too-short"),
    bad("a JWT", `eyJhbGciOiJub25lIn0.${"e".repeat(200)}.`, "not-base64url"),
    bad("iron", `Fe26.2*1*${"0".repeat(200)}`, "not-base64url"),
    bad("JSON", `{"user":"${"a".repeat(120)}"}`, "not-base64url"),
    bad("percent-encoded", `${good}%20`, "not-base64url"),
    bad("in quotes, with a blank", `" ${good}"`, "not-base64url"),
    bad("behind one quote", `"${good}`, "not-base64url"),
    bad("padded", `${good}=`, "not-base64url"),
    bad("4097 characters", "A".repeat(4_097), "too-long"),
    bad("a mebibyte", "A".repeat(1 << 20), "too-long"),
    bad("of version 0", turn(good, 0, 1), "version"),
    bad("of version 2", turn(good, 0, 3), "version"),
    {
      ...bad("of another secret", turn(good, 1, 1), "unknown-key"),
      hasKeyId: true,
    },
    { ...bad("with another salt", turn(good, 5, 1), "forged"), hasKeyId: true },
    {
      ...bad("with another nonce", turn(good, 17, 1), "forged"),
      hasKeyId: true,
    },
    {
      ...bad("with another box", turn(good, 40, 128), "forged"),
      hasKeyId: true,
    },
    { ...bad("with another tag", turn(good, -1, 1), "forged"), hasKeyId: true },
  ];
}

/** A token of the harness, and a handler that refuses it once altered. */
async function goodToken(
  harness: HttpHarness,
): Promise<[string, (request: Request) => Promise<Response>]> {
  const handle = harness.wrap(words);
  const url = "https://example.com/";
  const token = tokenOf(await handle(new Request(url, { method: "POST" })));
  harness.events.splice(0);
  return [token, handle];
}

/** A browser with two different cookies of the session's name. */
async function withTwo(harness: HttpHarness): Promise<Browser> {
  const browser = browse(harness, words, {
    cookie: { name: "__Secure-sid" },
  });
  await browser.post();
  const first = browser.cookie("__Secure-sid");
  const other = browse(harness, words, { cookie: { name: "__Secure-sid" } });
  const second = tokenOf(await other.post());
  assert.notEqual(first, second);
  browser.setCookie(`__Secure-sid=${second}; Path=/in; Secure`);
  harness.events.splice(0);
  return browser;
}

/** Cookies that are not good. */
export const badCases: readonly HttpCase[] = [
  {
    name: "every bad cookie brings a new session and one event with the reason",
    async run(harness) {
      const [good, handle] = await goodToken(harness);
      for (const { about, cookie, reason, hasKeyId } of badCookies(good)) {
        const response = await handle(requestWith(cookie));
        assert.deepEqual(await response.json(), [true, null], about);
        const [event, ...more] = harness.events.splice(0) as SessionEvent[];
        assert.deepEqual(more, [], about);
        assert.ok(event?.type === "rejected", about);
        assert.equal(event.reason, reason, about);
        if (hasKeyId) assert.notEqual(event.keyId, undefined, about);
        assertHarmless([event]);
      }
    },
  },
  {
    name:
      "the response to a bad cookie shows no more than whether a secret is known",
    async run(harness) {
      const [good, handle] = await goodToken(harness);
      const answers = new Set<string>();
      const ask = async (cookie: string) => {
        const response = await handle(requestWith(cookie));
        answers.add(JSON.stringify([
          response.status,
          response.statusText,
          [...response.headers],
          await response.text(),
        ]));
      };
      const all = badCookies(good);
      for (const { cookie, reason } of all) {
        // The token itself names its secret, and is not cleared.
        if (reason !== "unknown-key") await ask(cookie);
      }
      harness.clock.advance(86_400);
      await ask(`__Host-sid=${good}`);
      assert.equal(answers.size, 1, [...answers].join("\n"));
    },
  },
  {
    name: "an empty cookie brings a new session",
    async run(harness) {
      const [, handle] = await goodToken(harness);
      for (const cookie of ["__Host-sid=", "__Host-sid= ; a=b"]) {
        const response = await handle(requestWith(cookie));
        assert.deepEqual(await response.json(), [true, null]);
      }
    },
  },
  {
    name: "a bad cookie is cleared on a navigation that reads the session",
    async run(harness) {
      const [good, handle] = await goodToken(harness);
      const cookie = `__Host-sid=${turn(good, -1, 1)}`;
      const url = "https://example.com/";
      const clicked = await handle(requestWith(cookie, url, NAVIGATION));
      assert.equal(lineOf(clicked), CLEARED);
      assert.equal(clicked.headers.get("cache-control"), "no-store");
      const old = await handle(requestWith(cookie, url));
      assert.equal(lineOf(old), CLEARED, "without Sec-Fetch-Dest");
    },
  },
  {
    name: "a bad cookie is not cleared by a background request",
    async run(harness) {
      const [good, handle] = await goodToken(harness);
      const url = "https://example.com/";
      for (const destination of ["empty", "image", "iframe", "script"]) {
        const response = await handle(
          requestWith(`__Host-sid=${turn(good, -1, 1)}`, url, {
            headers: { "sec-fetch-dest": destination },
          }),
        );
        assertNoCookie(response);
        assert.equal(response.headers.get("cache-control"), "private");
      }
    },
  },
  {
    name: "a bad cookie is not cleared if nobody asked for the session",
    async run(harness) {
      const answer = new Response("hello");
      const handle = harness.wrap(() => answer);
      const response = await handle(requestWith("__Host-sid=nonsense"));
      assert.equal(response, answer);
      assertNoCookie(response);
    },
  },
  {
    name: "a change answers a bad cookie with a good one, also in background",
    async run(harness) {
      const [good] = await goodToken(harness);
      const browser = browse(harness, words);
      browser.setCookie(`__Host-sid=${turn(good, -1, 1)}; Secure; Path=/`);
      lineOf(await browser.post("/", IN_BACKGROUND));
      assert.deepEqual(typesOf(harness.events), ["rejected", "created"]);
      const response = await browser.get();
      assert.deepEqual(await response.json(), [false, "swordfish"]);
    },
  },
  {
    name: "a cookie of that name by other means is none of ours",
    async run(harness) {
      const [good, handle] = await goodToken(harness);
      const url = "https://example.com/";
      const elsewhere = [
        new Request(`${url}?__Host-sid=${good}&sid=${good}`),
        new Request(url, { headers: { authorization: `Bearer ${good}` } }),
        new Request(url, { headers: { "x-session": good, "sid": good } }),
        new Request(url, { headers: { "set-cookie": `__Host-sid=${good}` } }),
        new Request(url, {
          method: "PUT",
          body: new URLSearchParams({ "__Host-sid": good }),
        }),
        requestWith(`__host-sid=${good}`),
        requestWith(`x__Host-sid=${good}; __Host-sid2=${good}`),
        requestWith(`__Host-sid%20=${good}; =__Host-sid=${good}`),
        requestWith("__Host-sid; =; ;;; a"),
      ];
      for (const request of elsewhere) {
        const response = await handle(request);
        assert.deepEqual(await response.json(), [true, null]);
        assertNoCookie(response);
      }
      assert.deepEqual(typesOf(harness.events), []);
    },
  },
  {
    name: "our cookie is found among ten thousand others",
    async run(harness) {
      const [good, handle] = await goodToken(harness);
      const others = Array.from({ length: 5_000 }, (_, i) => `c${i}=v`);
      const response = await handle(requestWith(
        [...others, `__Host-sid=${good}`, ...others].join("; "),
      ));
      assert.deepEqual(await response.json(), [false, "swordfish"]);
    },
  },
  {
    name: "of two different cookies none is used, and an event says so",
    async run(harness) {
      const browser = await withTwo(harness);
      const response = await browser.get("/in");
      assert.deepEqual(await response.json(), [true, null]);
      assertHarmless(harness.events);
      assert.deepEqual(typesOf(harness.events), ["duplicate"]);
    },
  },
  {
    name: "two authentic cookies are not cleared",
    async run(harness) {
      const browser = await withTwo(harness);
      assertNoCookie(await browser.get("/in", NAVIGATION));
    },
  },
  {
    name: "two equal cookies are one",
    async run(harness) {
      const [good, handle] = await goodToken(harness);
      const pair = `__Host-sid=${good}`;
      const response = await handle(requestWith(`${pair}; a=b; ${pair}`));
      assert.deepEqual(await response.json(), [false, "swordfish"]);
      assert.deepEqual(typesOf(harness.events), ["opened"]);
    },
  },
  {
    name: "the cookie of one name does not open under another",
    async run(harness) {
      const [good] = await goodToken(harness);
      const admin = harness.wrap(words, { cookie: { name: "__Host-admin" } });
      const response = await admin(requestWith(`__Host-admin=${good}`));
      assert.deepEqual(await response.json(), [true, null]);
      assert.equal(
        attributesOf(response),
        "Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax",
      );
    },
  },
];
