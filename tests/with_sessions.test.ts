import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type AnyData,
  createSessions,
  type Session,
  type SessionError,
  type SessionOptions,
  type SessionsHandler,
  withSessions,
} from "../mod.ts";
import { MemoryStore } from "../stores/memory.ts";
import { Browser } from "../testing/browser.ts";
import { watch } from "./shared/store_bench.ts";
import { markedSecret, requestWith } from "./shared/support.ts";

const secret = "a secret of 32 bytes and a bit more: x9!";
const url = "https://example.com/";

function setUp() {
  const auth = watch(new MemoryStore());
  const prefs = watch(new MemoryStore());
  const options = {
    auth: { secret, store: auth.store },
    prefs: { secret, store: prefs.store },
    form: { secret },
  };
  return { auth, prefs, options };
}

function namesOf(response: Response): string[] {
  return response.headers.getSetCookie().map((line) =>
    line.slice(0, line.indexOf("="))
  ).sort();
}

describe("withSessions()", () => {
  it("keeps several sessions in their own stores and cookies", async () => {
    const { auth, prefs, options } = setUp();
    const browser = new Browser(
      withSessions(options, (request, { auth, prefs, form }) => {
        if (request.method === "POST") {
          auth.login("ada");
          prefs.set("theme", "dark");
          form.flash("info", "Welcome");
        }
        return Response.json([
          auth.userId,
          prefs.get("theme"),
          request.method === "GET" && form.flashes("info"),
        ]);
      }),
    );
    const first = await browser.post();
    assert.deepEqual(namesOf(first), [
      "__Host-auth",
      "__Host-form",
      "__Host-prefs",
    ]);
    const second = await browser.get();
    assert.deepEqual(await second.json(), ["ada", "dark", ["Welcome"]]);
    assert.deepEqual(auth.calls.map(({ op }) => op), ["create", "get"]);
    assert.deepEqual(prefs.calls.map(({ op }) => op), ["create", "get"]);
  });

  it("sets a cookie for what has changed alone, and one Vary for all", async () => {
    const { options } = setUp();
    const browser = new Browser(
      withSessions(options, (request, { auth, prefs, form }) => {
        if (request.method === "POST") form.set("n", 1);
        return Response.json([auth.userId ?? "", prefs.keys(), form.keys()]);
      }),
    );
    const response = await browser.post();
    assert.deepEqual(namesOf(response), ["__Host-form"]);
    assert.equal(response.headers.get("vary"), "Cookie");
    assert.equal(response.headers.get("cache-control"), "no-store");
    const read = await browser.get();
    assert.deepEqual(namesOf(read), []);
    assert.equal(read.headers.get("cache-control"), "private");
  });

  it("passes a response on as it is that looked at none", async () => {
    const { options } = setUp();
    const response = new Response();
    const handler = withSessions(options, () => response);
    assert.equal(await handler(new Request(url)), response);
  });

  it("sets no cookie at all if one session cannot be kept", async () => {
    const { auth, prefs, options } = setUp();
    prefs.before = () => {
      throw new Error("Down");
    };
    const handler = withSessions(options, (_request, { auth, prefs, form }) => {
      form.set("n", 1);
      auth.set("n", 1);
      prefs.set("n", 1);
      return new Response();
    });
    await assert.rejects(handler(new Request(url)), { code: "store-failed" });
    // A record that no cookie leads to is taken away again.
    assert.deepEqual(auth.calls.map(({ op }) => op), ["create", "delete"]);
  });

  it("writes nothing to a store if a cookie is too large", async () => {
    const { auth, options } = setUp();
    const handler = withSessions(options, (_request, { auth, form }) => {
      auth.set("n", 1);
      form.set("essay", "x".repeat(5000));
      return new Response();
    });
    await assert.rejects(handler(new Request(url)), { code: "oversize" });
    assert.deepEqual(auth.calls, []);
  });

  for (const place of ["in a cookie", "in a store"]) {
    it(`sets none ${place} that ended while another was kept`, async () => {
      for (const [end, user] of [["/out", ""], ["/in?eve", "eve"]] as const) {
        const { auth, prefs, options } = setUp();
        const own = place === "in a store" ? { store: auth.store } : {};
        const browser = new Browser(
          withSessions(
            { auth: { secret, ...own }, prefs: options.prefs },
            (request, { auth, prefs }) => {
              const { pathname, search } = new URL(request.url);
              if (pathname === "/in") auth.login(search.slice(1));
              if (pathname === "/out") auth.destroy();
              if (pathname === "/page") {
                auth.persist(7200);
                prefs.update("n", (n = 0) => n + 1);
              }
              return new Response(auth.userId);
            },
          ),
        );
        await browser.get("/in?ada");
        prefs.before = async () => {
          prefs.before = undefined;
          await browser.get(end);
        };
        await browser.get("/page").catch(({ code }) => {
          assert.equal(code, "gone");
        });
        assert.equal(await (await browser.get("/")).text(), user);
      }
    });
  }

  it("keeps nothing of any when the handler throws", async () => {
    const { auth, prefs, options } = setUp();
    let late: (() => void) | undefined;
    const handler = withSessions(options, (_request, { auth, form }) => {
      auth.set("n", 1);
      late = () => form.set("n", 1);
      throw new Error("Oh");
    });
    await assert.rejects(handler(new Request(url)), { message: "Oh" });
    assert.deepEqual([...auth.calls, ...prefs.calls], []);
    assert.throws(() => late?.(), { code: "late-write" });
  });

  it("opens a lazy session when it is asked for, and leaves out by when", async () => {
    const { auth, options } = setUp();
    const handler = withSessions({
      auth: { ...options.auth, lazy: true },
      form: { secret, when: () => false },
    }, async (request, { auth, form }) => {
      assert.throws(() => form.set("n", 1), { code: "left-out" });
      if (request.method === "POST") (await auth()).set("n", 1);
      return new Response();
    });
    const response = await handler(new Request(url, { method: "POST" }));
    const [line = ""] = response.headers.getSetCookie();
    auth.calls.splice(0);
    await handler(requestWith(line.split(";")[0] as string));
    assert.deepEqual(auth.calls, []);
  });

  it("opens none to be written while another one is kept", async () => {
    const { auth, options } = setUp();
    let ask: (() => Promise<Session>) | undefined;
    let code: string | undefined;
    auth.before = async () => {
      const late = await ask?.();
      try {
        late?.set("n", 1);
      } catch (error) {
        code = (error as SessionError).code;
      }
    };
    const handler = withSessions(
      { ...options, form: { secret, lazy: true } },
      (_request, { auth, form }) => {
        ask = form as () => Promise<Session>;
        auth.set("n", 1);
        return new Response();
      },
    );
    assert.deepEqual(namesOf(await handler(new Request(url))), ["__Host-auth"]);
    assert.equal(code, "late-write");
  });

  it("lets none be written once one of them could not be kept", async () => {
    const { options } = setUp();
    let isLarge = false;
    let kept: Session | undefined;
    const browser = new Browser(withSessions(options, (_request, all) => {
      kept = all.auth;
      kept.set("n", 1);
      if (isLarge) all.form.set("text", "x".repeat(5_000));
      return new Response();
    }));
    await browser.get();
    isLarge = true;
    await assert.rejects(browser.get(), { code: "oversize" });
    assert.throws(() => kept?.set("n", 2), { code: "late-write" });
  });

  it("answers for all when one refuses other sites", async () => {
    const { options } = setUp();
    const handler = withSessions(
      { ...options, form: { secret, csrf: true } },
      () => new Response(),
    );
    const headers = { "sec-fetch-site": "cross-site" };
    const init = { method: "POST", headers };
    assert.equal((await handler(new Request(url, init))).status, 403);
  });

  it("takes options from the environment, once for each", async () => {
    let made = 0;
    const env = { SESSION_SECRET: markedSecret() };
    const handler = withSessions(
      (env: { SESSION_SECRET: string }) => {
        made++;
        return { auth: { secret: env.SESSION_SECRET } };
      },
      (_request, { auth }, env) =>
        Response.json([auth.isNew, env.SESSION_SECRET.length]),
    );
    for (let i = 0; i < 3; i++) {
      const response = await handler(new Request(url), env);
      assert.deepEqual(await response.json(), [
        true,
        env.SESSION_SECRET.length,
      ]);
    }
    assert.equal(made, 1);
  });

  it("opens a cookie in no other session's place", async () => {
    const { options } = setUp();
    const handler: SessionsHandler<Record<"form" | "other", AnyData>, []> = (
      request,
      { form, other },
    ) => {
      if (request.method === "POST") form.set("n", 1);
      return Response.json([form.get("n") ?? null, other.get("n") ?? null]);
    };
    const handle = withSessions(
      { form: options.form, other: { secret } },
      handler,
    );
    const made = await handle(new Request(url, { method: "POST" }));
    const [line = ""] = made.headers.getSetCookie();
    const token = line.split(";")[0]?.split("=")[1];
    const swapped = await handle(requestWith(`__Host-other=${token}`));
    assert.deepEqual(await swapped.json(), [null, null]);
  });

  const bad: Record<string, Record<string, SessionOptions>> = {
    "two sessions of one cookie": {
      a: { secret, cookie: { name: "__Host-x" } },
      b: { secret, cookie: { name: "__Host-x" } },
    },
    "a name that no cookie can have": { "a b": { secret } },
    "wrong options of one of them": {
      a: { secret },
      b: { secret, idleTimeout: 0 },
    },
  };
  for (const [what, options] of Object.entries(bad)) {
    it(`refuses ${what} at set-up`, () => {
      assert.throws(
        () => withSessions(options, () => new Response()),
        (error) => error instanceof TypeError || error instanceof RangeError,
      );
    });
  }

  it("names the session whose options are wrong", () => {
    const wrong = {
      auth: { secret },
      prefs: { secret, cookie: { path: "app" } },
    };
    assert.throws(
      () => withSessions(wrong, () => new Response()),
      { name: "TypeError", message: /^Session prefs: Option cookie\.path / },
    );
    const none = { auth: { secret: undefined } };
    assert.throws(
      () => withSessions(none, () => new Response()),
      { name: "TypeError", message: /^Session auth: Option secret/ },
    );
    const ranges = { auth: { secret, idleTimeout: 0 } };
    assert.throws(
      () => withSessions(ranges, () => new Response()),
      { name: "RangeError", message: /^Session auth: Option idleTimeout/ },
    );
  });

  it("keeps sessions where createSessions() finds them by their cookie's name", async () => {
    const store = new MemoryStore();
    const handler = withSessions({ auth: { secret, store } }, (
      _request,
      { auth },
    ) => {
      auth.login("ada");
      return new Response();
    });
    await handler(new Request(url));
    const cookie = { name: "__Host-auth" };
    assert.equal(await createSessions({ secret, store }).revokeAll("ada"), 0);
    const sessions = createSessions({ secret, store, cookie });
    assert.equal(await sessions.revokeAll("ada"), 1);
  });

  it("refuses two that would be one cookie on the machine itself", () => {
    const names = [
      ["__Host-sid", "__Secure-sid"],
      ["__Host-sid", "sid"],
      ["__Host-Http-sid", "__Http-sid"],
    ];
    for (const [one, other] of names) {
      const options = {
        site: { secret, cookie: { name: one } },
        admin: { secret, cookie: { name: other } },
      };
      assert.throws(
        () => withSessions(options, () => new Response()),
        { name: "TypeError", message: /admin\.cookie\.name .*site.*localhost/ },
      );
    }
    // Where each is always the one that it is, they do not meet.
    withSessions({
      site: { secret, cookie: { name: "__Host-sid", secure: true } },
      admin: { secret, cookie: { name: "__Secure-sid", secure: true } },
    }, () => new Response());
  });

  it("types the data by its schema, and by the type of its options", () => {
    interface Cart {
      items: string[];
    }
    const cart: SessionOptions<Cart> = { secret };
    withSessions({ cart, any: { secret } }, (_request, { cart, any }) => {
      const items: readonly string[] | undefined = cart.get("items");
      // @ts-expect-error It is no number.
      const wrong: number | undefined = cart.get("items");
      any.set("whatever", 1);
      return Response.json([items, wrong]);
    });
  });

  it("refuses a name that no cookie may have", () => {
    for (const name of ["a b", "a;b", "ž"]) {
      assert.throws(
        () => withSessions({ [name]: { secret } }, () => new Response()),
        /^TypeError: Session .+: Option cookie\.name must be letters and digits/,
      );
    }
  });
});
