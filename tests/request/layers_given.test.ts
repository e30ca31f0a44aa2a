import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSessions, type Session, type Sessions } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import {
  assertNoCookie,
  lineOf,
  NAVIGATION,
  requestWith,
  setUp,
  START,
  tokenOf,
  turn,
  typesOf,
} from "../shared/support.ts";
import { readOn } from "../../src/options/check.ts";

// What a further layer does once another one has given the browser a cookie.

const url = "https://example.com/";
const kinds = {
  "in the cookie": () => ({}),
  "in a store": () => ({ store: new MemoryStore({ now: () => START }) }),
};

/** Does one thing after the other, each committed, in layers of a request. */
async function inLayers(
  sessions: Sessions,
  request: Request,
  ...acts: ((session: Session) => unknown)[]
): Promise<Response> {
  const layers: Session[] = [];
  for (const _ of acts) layers.push(await sessions.open(request));
  let response = new Response();
  for (const [i, act] of acts.entries()) {
    await act(layers[i] as Session);
    response = await sessions.commit(layers[i] as Session, response);
  }
  return response;
}

/** A form that another site has sent, without our cookies. */
const fromElsewhere = () =>
  new Request(url, {
    method: "POST",
    headers: { "sec-fetch-site": "cross-site", "sec-fetch-dest": "document" },
  });

for (const [kind, more] of Object.entries(kinds)) {
  describe(`a session ${kind} that a layer has given a cookie`, () => {
    it("takes more after a login from another site", async () => {
      const { options, events } = setUp(more());
      const sessions = createSessions(options);
      const response = await inLayers(
        sessions,
        fromElsewhere(),
        (session) => session.login("ada"),
        (session) => session.set("a", 1),
      );
      assert.deepEqual(typesOf(events), ["created"]);
      const cookie = `__Host-sid=${tokenOf(response)}`;
      const next = await sessions.open(requestWith(cookie));
      assert.deepEqual([next.userId, next.get("a")], ["ada", 1]);
    });

    it("takes none from another site without a login", async () => {
      const { options, events } = setUp(more());
      const response = await inLayers(
        createSessions(options),
        fromElsewhere(),
        (session) => session.set("a", 1),
      );
      assertNoCookie(response);
      assert.deepEqual(typesOf(events), ["withheld"]);
    });

    it("is not cleared for the bad cookie that came", async () => {
      const { options } = setUp(more());
      const sessions = createSessions(options);
      const request = requestWith("__Host-sid=deleted", url, NAVIGATION);
      const response = await inLayers(
        sessions,
        request,
        (session) => session.set("a", 1),
        (session) => session.get("a"),
      );
      const next = await sessions.open(
        requestWith(`__Host-sid=${tokenOf(response)}`),
      );
      assert.equal(next.get("a"), 1);
    });

    it("is told once to be renewed", async () => {
      const { clock, options, events } = setUp(more());
      const sessions = createSessions(options);
      const made = await inLayers(
        sessions,
        new Request(url),
        (session) => session.set("a", 1),
      );
      clock.advance(43_201);
      typesOf(events);
      const response = await inLayers(
        sessions,
        requestWith(`__Host-sid=${tokenOf(made)}`),
        (session) => session.get("a"),
        (session) => session.get("a"),
      );
      assert.notEqual(tokenOf(response), tokenOf(made));
      assert.deepEqual(typesOf(events), ["opened", "renewed"]);
    });

    it("goes with its end, also beside another program's", async () => {
      const { options, events } = setUp(more());
      const sessions = createSessions(options);
      const local = "http://localhost/";
      const first = await inLayers(
        sessions,
        new Request(local),
        (session) => session.set("a", 1),
      );
      const own = tokenOf(first);
      const others = turn(own, 1, 1);
      const alone = requestWith(`sid=${others}`, local);
      const made = await inLayers(
        sessions,
        alone,
        (session) => session.set("a", 1),
        (session) => session.destroy(),
      );
      assert.match(lineOf(made), /^sid=; Max-Age=0; /);
      const both = requestWith(`sid=${others}; sid=${own}`, local);
      const ended = await inLayers(
        sessions,
        both,
        (session) => session.destroy(),
      );
      assert.match(lineOf(ended), /^sid=; Max-Age=0; /);
      assert.ok(typesOf(events).includes("destroyed"));
      // What was not ours stays.
      const left = await inLayers(
        sessions,
        requestWith(`sid=${others}`, local),
        (session) => session.destroy(),
      );
      assertNoCookie(left);
    });
  });
}

describe("a login from another site that was saved", () => {
  it("takes more before its cookie is out", async () => {
    const store = new MemoryStore({ now: () => START });
    const { options, events } = setUp({ store });
    const sessions = createSessions(options);
    const response = await inLayers(
      sessions,
      fromElsewhere(),
      async (session) => {
        session.login("ada");
        await session.save();
        session.set("a", 1);
      },
    );
    assert.deepEqual(typesOf(events), ["created"]);
    const cookie = `__Host-sid=${tokenOf(response)}`;
    const next = await sessions.open(requestWith(cookie));
    assert.equal(next.get("a"), 1);
  });

  it("is refused at once without the login, and says why", async () => {
    const store = new MemoryStore({ now: () => START });
    const { options } = setUp({ store });
    const session = await createSessions(options).open(fromElsewhere());
    session.set("a", 1);
    await assert.rejects(session.save(), {
      code: "withheld",
      message:
        "Cannot save: another site sent the request, without the cookie" +
        readOn("withheld"),
    });
  });
});
