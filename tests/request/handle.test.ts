import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSessions, type Session, withSession } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import {
  assertNoCookie,
  requestWith,
  setUp,
  START,
  tokenOf,
} from "../shared/support.ts";

const url = "https://example.com/";
const cookieOf = (response: Response) => `__Host-sid=${tokenOf(response)}`;
const count = (session: Session) => session.update("n", (n = 0) => n + 1);

describe("handle()", () => {
  it("handle() does what withSession() does", async () => {
    const { options } = setUp();
    const sessions = createSessions(options);
    const first = await sessions.handle(
      new Request(url),
      async (session) => {
        await Promise.resolve();
        return Response.json(count(session));
      },
    );
    assert.equal(await first.json(), 1);
    assert.equal(first.headers.get("cache-control"), "no-store");
    assert.equal(first.headers.get("vary"), "Cookie");
    const request = requestWith(cookieOf(first));
    const wrapped = withSession(
      (_request, session) => Response.json(count(session)),
      options,
    );
    assert.equal(await (await wrapped(request)).json(), 2);
  });

  it("handle() passes on the response of a handler without interest", async () => {
    const sessions = createSessions(setUp().options);
    const answer = new Response("hello");
    assert.equal(
      await sessions.handle(new Request(url), () => answer),
      answer,
    );
  });

  it("handle() keeps what was written before a response that is thrown", async () => {
    const sessions = createSessions(setUp().options);
    const response = await sessions.handle(new Request(url), (session) => {
      session.login("Ada");
      throw Response.redirect(url, 303);
    });
    assert.equal(response.status, 303);
    const session = await sessions.open(requestWith(cookieOf(response)));
    assert.equal(session.userId, "Ada");
  });

  it("handle() keeps nothing with a status of 500 and more", async () => {
    const sessions = createSessions(setUp().options);
    for (const [status, isKept] of [[499, true], [500, false], [503, false]]) {
      const response = await sessions.handle(new Request(url), (session) => {
        count(session);
        return new Response("", { status: Number(status) });
      });
      assert.equal(response.status, status);
      assert.equal(response.headers.getSetCookie().length > 0, isKept);
      assert.equal(response.headers.get("vary"), "Cookie");
    }
  });

  it("handle() throws an error on, and keeps only what has ended", async () => {
    const { options } = setUp({ store: new MemoryStore({ now: () => START }) });
    const sessions = createSessions(options);
    const first = await sessions.handle(new Request(url), (session) => {
      session.login("Ada");
      return new Response();
    });
    const failure = new Error("It was meant to fail");
    const failed = sessions.handle(
      requestWith(cookieOf(first)),
      (session) => {
        session.destroy();
        throw failure;
      },
    );
    await assert.rejects(failed, (error) => error === failure);
    const next = await sessions.open(requestWith(cookieOf(first)));
    assert.equal(next.userId, undefined);
  });

  it("handle() answers 403 to what another site has sent", async () => {
    const sessions = createSessions(setUp({ csrf: true }).options);
    let hasRun = false;
    const headers = { "sec-fetch-site": "cross-site" };
    const response = await sessions.handle(
      new Request(url, { method: "POST", headers }),
      () => {
        hasRun = true;
        return new Response();
      },
    );
    assert.equal(response.status, 403);
    assert.equal(response.headers.get("vary"), "Sec-Fetch-Site, Origin");
    assert.match(await response.text(), /another site/);
    assert.equal(hasRun, false);
  });

  it("handle() throws on that the session cannot be opened or kept", async () => {
    const store = new MemoryStore({ now: () => START });
    const sessions = createSessions(setUp({ store }).options);
    const add = (session: Session) => Response.json(count(session));
    const first = await sessions.handle(new Request(url), add);
    store.get = () => Promise.reject(new Error("down"));
    store.create = () => Promise.reject(new Error("down"));
    for (const request of [requestWith(cookieOf(first)), new Request(url)]) {
      await assert.rejects(
        sessions.handle(request, add),
        { code: "store-failed" },
      );
    }
  });

  it("handle() keeps nothing of what its handler has discarded", async () => {
    const sessions = createSessions(setUp().options);
    const response = await sessions.handle(
      new Request(url),
      async (session) => {
        count(session);
        await sessions.discard(session);
        return Response.json({ errors: [] });
      },
    );
    assert.equal(response.status, 200);
    assertNoCookie(response);
  });

  it("handle() within withSession() leaves the session to that", async () => {
    const { options } = setUp();
    const sessions = createSessions(options);
    const failure = new Error("It was meant to fail");
    const answers: Record<string, () => Response> = {
      kept: () => new Response(),
      status: () => new Response("", { status: 500 }),
      error: () => {
        throw failure;
      },
    };
    const seen: Record<string, unknown> = {};
    for (const [name, answer] of Object.entries(answers)) {
      const wrapped = withSession(
        (request, session) =>
          sessions.handle(request, (inner) => {
            assert.equal(inner, session);
            count(inner);
            return answer();
          }),
        options,
      );
      try {
        const response = await wrapped(new Request(url));
        seen[name] = response.headers.getSetCookie().length;
      } catch (error) {
        seen[name] = error;
      }
    }
    // As `withSession()` keeps what came before its own handler's 500.
    assert.deepEqual(seen, { kept: 1, status: 1, error: failure });
  });

  it("handle() refuses what is no handler", async () => {
    const sessions = createSessions(setUp().options);
    await assert.rejects(
      sessions.handle(new Request(url), undefined as never),
      /Argument handler must be function/,
    );
  });
});
