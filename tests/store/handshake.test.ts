import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSessions, type SessionStore, withSession } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { requestWith, setUp, tokenOf, typesOf } from "../shared/support.ts";

const UPGRADE = { headers: { upgrade: "websocket" } };

/** A session in a store that fails by a switch, and a handshake with it. */
async function open(failing: keyof SessionStore, answer: unknown) {
  const { clock, events, options } = setUp();
  let isDown = false;
  const memory = new MemoryStore({ now: () => clock.now });
  const store = new Proxy(memory, {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      if (isDown && name === failing) return answer;
      return value.bind(target);
    },
  });
  const handler = withSession(async (request, session) => {
    if (request.method === "POST") session.login("ada");
    else if (request.url.includes("/out")) session.destroy();
    else {
      session.set("n", 1);
      if (request.url.endsWith("/save")) await session.save();
    }
    const isAnswered = request.method === "POST" || /refuse/.test(request.url);
    // As Bun answers an upgrade.
    return isAnswered ? new Response() : undefined as never;
  }, { ...options, store });
  const post = new Request("https://example.com/", { method: "POST" });
  const cookie = `__Host-sid=${tokenOf(await handler(post))}`;
  isDown = true;
  events.splice(0);
  const shake = (path: string, init: RequestInit = UPGRADE) =>
    handler(requestWith(cookie, `https://example.com${path}`, init));
  return { shake, events };
}

describe("A handshake with a session in a store", () => {
  it("keeps what it changes, also over http, where no cookie goes out", async () => {
    const { clock, events, options } = setUp();
    const store = new MemoryStore({ now: () => clock.now });
    const sessions = createSessions({ ...options, store });
    const session = sessions.create();
    session.login("ada");
    const cookie = `__Host-sid=${await sessions.seal(session)}`;
    events.splice(0);
    const handle = withSession((_request, session) => {
      session.set("n", 1);
      return undefined as never;
    }, { ...options, store });
    await handle(requestWith(cookie, "http://example.com/", UPGRADE));
    assert.deepEqual(typesOf(events), ["opened"]);
    const next = await sessions.open(requestWith(cookie));
    assert.equal(next.get("n"), 1);
  });

  it("does not fail once it is answered, and an event tells of it", async () => {
    const { shake, events } = await open(
      "update",
      () => Promise.reject("down"),
    );
    assert.equal(await shake("/set"), undefined);
    assert.ok(typesOf(events).includes("store-error"));
  });

  it("does not fail as its session has ended meanwhile", async () => {
    const { shake, events } = await open(
      "update",
      () => Promise.resolve("gone"),
    );
    assert.equal(await shake("/set"), undefined);
    assert.ok(typesOf(events).includes("gone"));
  });

  it("does not fail as its session cannot be ended", async () => {
    const { shake, events } = await open(
      "delete",
      () => Promise.reject("down"),
    );
    assert.equal(await shake("/out"), undefined);
    assert.ok(typesOf(events).includes("store-error"));
  });

  const ways = { "/set": "update", "/out": "delete" } as const;
  for (const [path, failing] of Object.entries(ways)) {
    it(`fails where it is refused by a response of its own: ${path}`, async () => {
      const { shake } = await open(failing, () => Promise.reject("down"));
      await assert.rejects(shake(`${path}?refuse`), { code: "store-failed" });
    });

    it(`is none where its response only cannot be copied: ${path}`, async () => {
      const { shake } = await open(failing, () => Promise.reject("down"));
      await assert.rejects(shake(path, {}), { code: "store-failed" });
    });
  }

  it("learns from save() what cannot be kept, before it is answered", async () => {
    const { shake } = await open("update", () => Promise.reject("down"));
    await assert.rejects(shake("/save"), { code: "store-failed" });
  });

  it("keeps what needs no cookie, also where none could be sent", async () => {
    const { clock, events, options } = setUp();
    const store = new MemoryStore({ now: () => clock.now });
    const handler = withSession((request, session) => {
      if (request.method === "POST") session.login("ada");
      else if (!request.headers.has("upgrade")) {
        return Response.json(session.get("n"));
      } else session.set("n", 1);
      return request.method === "POST" ? new Response() : undefined as never;
    }, { ...options, store });
    const post = new Request("https://example.com/", { method: "POST" });
    const cookie = `__Host-sid=${tokenOf(await handler(post))}`;
    typesOf(events);
    // From elsewhere, over plain http.
    await handler(requestWith(cookie, "http://nas.local/", UPGRADE));
    assert.deepEqual(typesOf(events), ["opened"]);
    assert.equal(await (await handler(requestWith(cookie))).json(), 1);
  });
});
