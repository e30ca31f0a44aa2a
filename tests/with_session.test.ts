import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type SessionOptions, withSession } from "../mod.ts";
import { markedSecret, requestWith, setUp, tokenOf } from "./shared/support.ts";

const url = "https://example.com/";

/** What a platform passes with each request. */
interface Env {
  readonly secret: string;
}

describe("withSession()", () => {
  it("passes the platform's arguments on as they are", async () => {
    const env = { name: "env" };
    const context = { name: "context" };
    const seen: unknown[] = [];
    const handle = withSession(
      (_request, _session, ...args: [typeof env, typeof context]) => {
        seen.push(...args);
        return new Response();
      },
      setUp().options,
    );
    await handle(new Request(url), env, context);
    assert.equal(seen.length, 2);
    assert.equal(seen[0], env);
    assert.equal(seen[1], context);
  });

  it("passes on the very same request", async () => {
    const request = new Request(url, { method: "POST", body: "hello" });
    let seen: Request | undefined;
    const handle = withSession(async (request, session) => {
      seen = request;
      session.set("body", await request.text());
      return Response.json(session.get("body"));
    }, setUp().options);
    assert.equal(await (await handle(request)).json(), "hello");
    assert.equal(seen, request);
  });

  it("takes a handler that is not asynchronous, and one that is", async () => {
    const { options } = setUp();
    const now = withSession(() => new Response("now"), options);
    const later = withSession(
      () => Promise.resolve(new Response("later")),
      options,
    );
    assert.equal(await (await now(new Request(url))).text(), "now");
    assert.equal(await (await later(new Request(url))).text(), "later");
  });

  it("refuses wrong options at set-up, before any request", () => {
    const { options } = setUp();
    const wrong: [Record<string, unknown>, typeof TypeError][] = [
      [{ secret: undefined }, TypeError],
      [{ secret: [] }, TypeError],
      [{ maxAge: 60 }, TypeError],
      [{ idleTimeout: "60" }, TypeError],
      [{ idleTimeout: 0 }, RangeError],
      [{ cookie: { path: "shop" } }, TypeError],
    ];
    for (const [more, Kind] of wrong) {
      const given = { ...options, ...more } as unknown as SessionOptions;
      assert.throws(
        () => withSession(() => new Response(), { ...given, lazy: false }),
        Kind,
        Object.keys(more).join(),
      );
    }
  });
});

describe("withSession() with a function of options", () => {
  it("calls it once for each environment, not for each request", async () => {
    const calls: Env[] = [];
    const handle = withSession((_request, session, _env: Env) => {
      return Response.json(session.update("n", (n = 0) => n + 1));
    }, (env: Env) => {
      calls.push(env);
      return { secret: env.secret };
    });
    assert.deepEqual(calls, [], "nothing is resolved before a request");
    const one = { secret: markedSecret() };
    const two = { secret: markedSecret() };
    for (const env of [one, two, one, one, two]) {
      await handle(new Request(url), env);
    }
    assert.equal(calls.length, 2);
    assert.equal(calls[0], one);
    assert.equal(calls[1], two);
  });

  it("keeps environments apart", async () => {
    const handle = withSession((_request, session, _env: Env) => {
      return Response.json(session.update("n", (n = 0) => n + 1));
    }, ({ secret }: Env) => ({ secret }));
    const one = { secret: markedSecret() };
    const two = { secret: markedSecret() };
    const cookie = `__Host-sid=${tokenOf(await handle(new Request(url), one))}`;
    const same = await handle(requestWith(cookie), one);
    assert.equal(await same.json(), 2);
    const other = await handle(requestWith(cookie), two);
    assert.equal(await other.json(), 1);
  });

  it("calls it once if the platform passes nothing", async () => {
    let calls = 0;
    const { options } = setUp();
    const handle = withSession(() => new Response(), () => {
      calls++;
      return options;
    });
    for (const _ of [1, 2, 3]) await handle(new Request(url));
    assert.equal(calls, 1);
  });

  it("gives it all arguments", async () => {
    const seen: unknown[] = [];
    const { options } = setUp();
    const handle = withSession(
      (_request, _session, ..._args: [Env, number]) => new Response(),
      (...args: [Env, number]) => {
        seen.push(...args);
        return options;
      },
    );
    const env = { secret: "" };
    await handle(new Request(url), env, 7);
    assert.equal(seen.length, 2);
    assert.equal(seen[0], env);
    assert.equal(seen[1], 7);
  });

  it("keeps one set of keys for options that stay the same object", async () => {
    const { options } = setUp();
    const handle = withSession((_request, session, _info: object) => {
      return Response.json(session.update("n", (n = 0) => n + 1));
    }, (_info: object) => options);
    const first = await handle(new Request(url), { port: 1 });
    const cookie = `__Host-sid=${tokenOf(first)}`;
    const second = await handle(requestWith(cookie), { port: 2 });
    assert.equal(await second.json(), 2);
  });

  it("rejects a request with wrong options, and asks again for the next", async () => {
    const env = { secret: "" };
    const handle = withSession(
      (_request, _session, _env: Env) => new Response("hello"),
      ({ secret }: Env) => ({ secret }),
    );
    const refused = /secret/;
    await assert.rejects(handle(new Request(url), env), refused);
    env.secret = markedSecret();
    const response = await handle(new Request(url), env);
    assert.equal(await response.text(), "hello");
  });

  it("marks each answer, also where one request object is handled twice at once", async () => {
    const { options } = setUp();
    const handle = withSession(async (_request, session) => {
      await Promise.resolve();
      return Response.json(session.get("name") ?? null);
    }, options);
    const request = new Request(url);
    const answers = await Promise.all([handle(request), handle(request)]);
    for (const { headers } of answers) {
      assert.match(headers.get("vary") ?? "", /cookie/i);
      assert.match(headers.get("cache-control") ?? "", /private/);
    }
  });
});
