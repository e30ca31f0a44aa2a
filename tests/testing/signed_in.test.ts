import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Session, SessionOptions } from "../../mod.ts";
import { withSession } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import {
  Browser,
  createClock,
  createEventRecorder,
  signedIn,
} from "../../testing.ts";
import { markedSecret, setUp } from "../shared/support.ts";

const HOST = "https://example.com";
const LOCAL = "http://localhost:3000";

function show(_request: Request, session: Session) {
  return Response.json([session.userId ?? null, session.toJSON()]);
}

/** What a program sees of a user who is signed in. */
async function seen(
  options: SessionOptions,
  origin = HOST,
  path = "/",
): Promise<unknown> {
  const { cookies } = await signedIn("ada", { plan: "pro" }, options, origin);
  const browser = new Browser(withSession(show, options), {
    origin,
    cookies,
    ...options.now && { now: options.now },
  });
  return await (await browser.get(path)).json();
}

describe("signedIn()", () => {
  const sets: Readonly<Record<string, () => Partial<SessionOptions>>> = {
    "nothing else": () => ({}),
    "a store": () => ({ store: new MemoryStore() }),
    "a store and renewals": () => ({
      store: new MemoryStore(),
      renewAfter: 60,
      encrypt: true,
    }),
    "revocations": () => ({ revocations: new MemoryStore() }),
    "a name": () => ({ cookie: { name: "__Host-shop" } }),
    "a domain": () => ({ cookie: { domain: "example.com" } }),
    "a partition": () => ({ cookie: { partitioned: true, sameSite: "None" } }),
    "no persistence": () => ({ persistent: false }),
    "several secrets": () => ({ secret: [markedSecret(), markedSecret()] }),
    "csrf": () => ({ csrf: true }),
    "when": () => ({ when: ({ method }) => method === "GET" }),
  };
  for (const [name, more] of Object.entries(sets)) {
    for (const origin of [HOST, LOCAL]) {
      it(`opens with ${name} on ${origin}`, async () => {
        const all = { ...setUp().options, ...more() };
        assert.deepEqual(await seen(all, origin), ["ada", { plan: "pro" }]);
      });
    }
  }

  it("opens below a path", async () => {
    const { options } = setUp({ cookie: { path: "/admin" } });
    const expected = ["ada", { plan: "pro" }];
    assert.deepEqual(await seen(options, HOST, "/admin/users"), expected);
  });

  it("opens in several cookies", async () => {
    const { options } = setUp({ overflow: "parts" });
    const essay = "x".repeat(5000);
    const { cookies } = await signedIn("ada", { essay }, options);
    assert.equal(cookies.length, 2);
    const browser = new Browser(withSession(show, options), {
      cookies,
      now: options.now as () => number,
    });
    const page = await browser.get();
    assert.deepEqual(await page.json(), ["ada", { essay }]);
  });

  it("gives a storageState and a field", async () => {
    const { options, clock } = setUp();
    const { cookies, origins, header } = await signedIn("ada", {}, options);
    const [cookie] = cookies;
    assert.ok(cookie);
    const { value, ...rest } = cookie;
    assert.deepEqual(rest, {
      name: "__Host-sid",
      domain: "example.com",
      path: "/",
      expires: clock.now / 1000 + 86_400,
      httpOnly: true,
      secure: true,
      sameSite: "Lax",
    });
    assert.deepEqual(origins, []);
    assert.equal(header, `__Host-sid=${value}`);
    const handler = withSession(show, options);
    const request = new Request(HOST, { headers: { cookie: header } });
    assert.deepEqual(await (await handler(request)).json(), ["ada", {}]);
    const local = await signedIn("ada", {}, options, LOCAL);
    assert.equal(local.cookies[0]?.name, "sid-3000");
    assert.equal(local.cookies[0]?.domain, "localhost");
  });

  it("tells no event, and is in the lists of a store", async () => {
    const recorder = createEventRecorder();
    const store = new MemoryStore();
    const { onEvent } = recorder;
    const options = { secret: markedSecret(), store, onEvent, lazy: true };
    await signedIn("ada", {}, options);
    assert.deepEqual(recorder.take(), []);
    assert.equal(await store.count(), 1);
  });

  it("says why there is no cookie", async () => {
    const { options } = setUp({ onEvent: () => {} });
    const plain = () => signedIn("ada", {}, options, "http://192.168.0.20");
    await assert.rejects(
      plain,
      /No cookie is kept at http:\/\/192\.168\.0\.20/,
    );
    const elsewhere = setUp({ cookie: { domain: "shop.example" } }).options;
    await assert.rejects(
      () => signedIn("ada", {}, elsewhere),
      /cookie\.domain/,
    );
    const nobody = () => signedIn("", {}, options);
    await assert.rejects(nobody, TypeError);
    const bad = { secret: "short" };
    await assert.rejects(() => signedIn("ada", {}, bad), RangeError);
  });
});

describe("createEventRecorder()", () => {
  it("keeps events in order, by type, until they are taken", async () => {
    const clock = createClock();
    const recorder = createEventRecorder();
    const { onEvent } = recorder;
    const handler = withSession((_request, session) => {
      session.update("visits", (n = 0) => n + 1);
      return new Response();
    }, { secret: markedSecret(), now: clock.now, onEvent });
    const browser = new Browser(handler, { now: clock.now });
    await browser.get();
    await browser.get();
    browser.setCookie("__Host-sid=short; Secure; Path=/");
    await browser.get();
    const types = recorder.events.map(({ type }) => type);
    assert.deepEqual(types, ["created", "opened", "rejected", "created"]);
    assert.deepEqual(
      recorder.of("rejected").map(({ reason }) => reason),
      ["too-short"],
    );
    assert.deepEqual(recorder.take(), types);
    assert.deepEqual(recorder.events, []);
    await browser.get();
    recorder.clear();
    assert.deepEqual(recorder.take(), []);
  });
});
