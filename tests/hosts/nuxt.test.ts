import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import { after, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import {
  createApp,
  createError,
  defineEventHandler,
  fetchWithEvent,
  type H3Event,
  sendError,
  sendRedirect,
  setResponseStatus,
  toNodeListener,
} from "h3";
import { fetchNodeRequestHandler } from "node-mock-http";
import type { Session, SessionOptions } from "../../mod.ts";
import { type NuxtFunctions, nuxtSessions } from "../../nuxt.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { setUp, START } from "../shared/support.ts";
import { closeServers, cookieOf, listen, slowStore } from "./_express.ts";

// With h3 1 itself, and the requests that Nitro makes to itself. Nitro is put
// together by its build: its app is made here as its own code makes it.
// integrations/nuxt is visited over HTTP, with Nuxt itself.

declare module "h3" {
  interface H3EventContext {
    session: Session;
  }
}

after(closeServers);

type Hook = (...args: unknown[]) => Promise<void>;
type Routes = Readonly<Record<string, (event: H3Event) => unknown>>;

function makeNitro(
  routes: Routes,
  more: Partial<SessionOptions> = {},
  rules: ReturnType<NuxtFunctions["getRouteRules"]> = {},
  isSilent = false,
) {
  const { options } = setUp({ csrf: true, ...more });
  const hooks: Record<string, Hook[]> = {};
  const call = async (name: string, ...args: unknown[]) => {
    for (const hook of hooks[name] ?? []) await hook(...args);
  };
  const errors: Error[] = [];
  let calls = 0;
  const makeOptions = () => {
    calls++;
    return options;
  };
  const getRouteRules = () => rules;
  const { sessions, openSession, sessionPlugin } = nuxtSessions(makeOptions, {
    createError,
    sendError,
    getRouteRules,
  });
  const app = createApp({
    onError: async (error, event) => {
      errors.push(error);
      await call("error", error, { event });
      if (isSilent) return;
      setResponseStatus(event, error.statusCode);
      event.node.res.end(`error: ${error.statusCode}`);
    },
    onBeforeResponse: (event, response) =>
      call("beforeResponse", event, response),
    onAfterResponse: (event, response) =>
      call("afterResponse", event, response),
  });
  const settled = Promise.withResolvers<string>();
  app.use(defineEventHandler(async (event) => {
    try {
      event.context.session = await openSession(event);
    } finally {
      settled.resolve("settled");
    }
  }));
  for (const [path, act] of Object.entries(routes)) {
    app.use(path, defineEventHandler(act));
  }
  const listener = toNodeListener(app);
  const localFetch = (path: string, init?: RequestInit) =>
    fetchNodeRequestHandler(listener as never, path, init as never);
  sessionPlugin({
    h3App: app,
    hooks: {
      hook: (name: string, run: Hook) => (hooks[name] ??= []).push(run),
    },
  });
  return {
    localFetch,
    errors,
    settled: settled.promise,
    sessions,
    calls: () => calls,
    start: () => listen(createServer(listener as RequestListener)),
    /** What `event.fetch` of Nitro does. */
    ask: (event: H3Event, path: string): Promise<Response> =>
      fetchWithEvent(event, path, undefined, { fetch: localFetch as never }),
  };
}

const count = ({ context: { session } }: H3Event) =>
  `${session.update("n", (n = 0) => n + 1)}`;
const sendBack = (event: H3Event) => {
  count(event);
  return sendRedirect(event, "/count", 303);
};
const fail = (event: H3Event) => {
  count(event);
  throw createError({ status: 404 });
};
const kinds = {
  "over a connection": async (nitro: ReturnType<typeof makeNitro>) => {
    const url = await nitro.start();
    return (path: string, init: RequestInit = {}) =>
      fetch(url + path, { redirect: "manual", ...init });
  },
  "by Nitro itself": (nitro: ReturnType<typeof makeNitro>) =>
    Promise.resolve(nitro.localFetch),
};

for (const [kind, open] of Object.entries(kinds)) {
  describe(`nuxtSessions() ${kind}`, () => {
    const cookieFrom = (response: Response) =>
      response.headers.getSetCookie()[0]?.split(";")[0] ?? "";

    it("keeps a session from request to request, and tells caches", async () => {
      const get = await open(makeNitro({ "/count": count }));
      const first = await get("/count");
      assert.equal(await first.text(), "1");
      assert.equal(first.headers.get("vary"), "Cookie");
      assert.equal(first.headers.get("cache-control"), "no-store");
      const cookie = cookieFrom(first);
      const second = await get("/count", { headers: { cookie } });
      assert.equal(await second.text(), "2");
    });

    it("keeps what was written before a redirect", async () => {
      const get = await open(makeNitro({ "/count": count, "/back": sendBack }));
      const back = await get("/back");
      assert.equal(back.status, 303);
      const cookie = cookieFrom(back);
      const next = await get("/count", { headers: { cookie } });
      assert.equal(await next.text(), "2");
    });

    it("keeps nothing of a route that fails, whatever its status", async () => {
      const get = await open(makeNitro({ "/fail": fail }));
      const response = await get("/fail");
      assert.equal(response.status, 404);
      assert.deepEqual(response.headers.getSetCookie(), []);
    });

    it("ends a session also if the route fails after that", async () => {
      const store = new MemoryStore({ now: () => START });
      const get = await open(makeNitro({
        "/count": count,
        "/end": ({ context: { session } }) => {
          session.destroy();
          throw createError({ status: 404 });
        },
      }, { store }));
      const headers = { cookie: cookieFrom(await get("/count")) };
      assert.equal((await get("/end", { headers })).status, 404);
      // A request right after that is refused or begins anew.
      const next = await get("/count", { headers });
      assert.match(await next.text(), /^(1|error: 500)$/);
    });

    it("refuses what another site has sent", async () => {
      let hasRun = false;
      const nitro = makeNitro({
        "/count": () => {
          hasRun = true;
          return "";
        },
      });
      const get = await open(nitro);
      const response = await get("/count", {
        method: "POST",
        headers: { "origin": "https://elsewhere.example" },
      });
      assert.equal(response.status, 403);
      assert.equal(hasRun, false);
      // Nothing waits for ever.
      const late = delay(2000, "late", { ref: false });
      assert.equal(await Promise.race([nitro.settled, late]), "settled");
    });

    it("answers 500 for what cannot be kept", async () => {
      const store = slowStore({ isDown: true });
      const get = await open(
        makeNitro({ "/count": count, "/back": sendBack }, { store }),
      );
      for (const path of ["/count", "/back"]) {
        const response = await get(path);
        assert.equal(response.status, 500, path);
        assert.deepEqual(response.headers.getSetCookie(), [], path);
      }
    });

    it("has nobody's session where Nitro keeps the answer", async () => {
      for (const rules of [{ cache: {} }, { isr: 60 }]) {
        const nitro = makeNitro(
          {
            "/count": count,
            "/read": ({ context }) =>
              `${context.session.get("n") ?? "nothing"}`,
          },
          { store: new MemoryStore({ now: () => START }) },
          rules,
        );
        const session = nitro.sessions.create();
        session.set("n", 5);
        const token = await nitro.sessions.seal(session);
        const headers = { cookie: `__Host-sid=${token}` };
        const get = await open(nitro);
        const response = await get("/read", { headers });
        assert.equal(await response.text(), "nothing");
        assert.equal(response.headers.get("vary"), null);
        assert.equal((await get("/count", { headers })).status, 500);
        assert.equal(Object(nitro.errors[0]?.cause).code, "left-out");
      }
    });

    it("gives what a page asks of its own server the page's session", async () => {
      const nitro: ReturnType<typeof makeNitro> = makeNitro({
        "/count": count,
        "/page": async (event) => {
          const one = await (await nitro.ask(event, "/count")).text();
          const other = await (await nitro.ask(event, "/count")).text();
          return `${one}, ${other}`;
        },
      });
      const get = await open(nitro);
      const response = await get("/page");
      assert.equal(await response.text(), "1, 2");
      assert.equal(response.headers.getSetCookie().length, 1);
      const cookie = cookieFrom(response);
      const next = await get("/count", { headers: { cookie } });
      assert.equal(await next.text(), "3");
    });
  });
}

describe("nuxtSessions()", () => {
  it("nuxtSessions() tells Nitro why a session could not be kept", async () => {
    const store = slowStore({ isDown: true });
    const nitro = makeNitro({ "/count": count }, { store });
    const response = await fetch(`${await nitro.start()}/count`);
    assert.equal(await response.text(), "error: 500");
    assert.equal(Object(nitro.errors[0]?.cause).code, "store-failed");
    assert.equal(cookieOf(response), undefined);
  });

  it("nuxtSessions() answers an error also if Nitro does not", async () => {
    const store = slowStore({ isDown: true });
    const nitro = makeNitro({ "/count": count }, { store }, {}, true);
    const response = await fetch(`${await nitro.start()}/count`);
    assert.equal(response.status, 500);
    assert.equal(nitro.errors.length, 1);
  });

  it("openSession() throws on why a session cannot be opened", async () => {
    const store = new MemoryStore({ now: () => START });
    const nitro = makeNitro({ "/count": count }, { store });
    const url = `${await nitro.start()}/count`;
    const cookie = cookieOf(await fetch(url)) ?? "";
    store.get = () => Promise.reject(new Error("down"));
    const response = await fetch(url, { headers: { cookie } });
    assert.equal(response.status, 500);
    assert.match(`${nitro.errors[0]?.message}`, /store/i);
  });

  it("nuxtSessions() makes the options once, for all ways", async () => {
    const nitro = makeNitro({ "/count": count });
    assert.equal(nitro.calls(), 0);
    await nitro.localFetch("/count");
    await fetch(`${await nitro.start()}/count`);
    assert.equal(nitro.calls(), 1);
  });

  it("nuxtSessions() refuses what is missing at set-up", () => {
    const { options } = setUp();
    const functions = { createError, sendError, getRouteRules: () => ({}) };
    for (const name of Object.keys(functions)) {
      assert.throws(
        () => nuxtSessions(options, { ...functions, [name]: undefined }),
        { name: "TypeError", message: RegExp(`nuxt\\.${name} must be`) },
      );
    }
    assert.throws(
      () => nuxtSessions(options, undefined as never),
      /Argument nuxt must be object/,
    );
  });
});
