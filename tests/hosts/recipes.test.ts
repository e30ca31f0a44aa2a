// What docs/frameworks/ has for Koa.

import assert from "node:assert/strict";
import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  request as httpRequest,
} from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { after, describe, it } from "node:test";
import Koa from "koa";
import { type Data, keepSessions } from "../../examples/koa/sessions.ts";
import {
  createSessions,
  type Session,
  type SessionEvent,
  type SessionOptions,
} from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { setUp, START, typesOf } from "../shared/support.ts";
import { cookieOf, kinds } from "./_express.ts";

const closing: (() => unknown)[] = [];
after(() => Promise.all(closing.map((close) => close())));

/** What a route sees of its framework. */
interface Visit {
  session: Session<Data>;
  set(name: string, value: string): void;
  /** Answers, with 200 if there is no status. */
  send(body: string | Readable | null, status?: number): unknown;
}

const count = ({ session }: Visit) =>
  `${session.update("visits", (n = 0) => n + 1)}`;

const routes: Readonly<Record<string, (visit: Visit) => unknown>> = {
  "/": (visit) => visit.send(count(visit)),
  "/none": (visit) => visit.send("none"),
  "/new": (visit) => visit.send(`${visit.session.isNew}`),
  "/stream": (visit) => visit.send(Readable.from([count(visit)])),
  "/broken": (visit) => {
    count(visit);
    return visit.send(
      new Readable({
        read() {
          this.destroy(new Error("broken"));
        },
      }),
    );
  },
  "/empty": (visit) => {
    count(visit);
    return visit.send(null, 204);
  },
  "/unchanged": (visit) => {
    count(visit);
    visit.set("etag", '"a"');
    return visit.send(null, 304);
  },
  "/cookies": (visit) => {
    visit.set("set-cookie", "theme=dark");
    return visit.send(count(visit));
  },
  "/read": (visit) => {
    visit.set("vary", "Accept");
    visit.set("cache-control", "max-age=60");
    visit.set("cdn-cache-control", "max-age=600");
    return visit.send(`${visit.session.userId}`);
  },
  "/throw": (visit) => {
    count(visit);
    throw new Error("broken");
  },
  "/missing": (visit) => {
    count(visit);
    throw Object.assign(new Error("missing"), { status: 404, expose: true });
  },
  "/end": (visit) => {
    visit.session.destroy();
    throw new Error("broken");
  },
};

const FRAMEWORKS: Readonly<
  Record<string, (options: SessionOptions<Data>) => Promise<string>>
> = {
  async "Koa"(options) {
    const app = new Koa();
    app.silent = true;
    app.use(keepSessions(createSessions(options)));
    app.use((ctx) => {
      const { session } = ctx.state as { session: Session<Data> };
      return routes[ctx.path]?.({
        session,
        set: (name, value) => ctx.append(name, value),
        send(body, status = 200) {
          ctx.body = body;
          ctx.status = status;
        },
      });
    });
    const server = createServer(app.callback()).listen(0, "127.0.0.1");
    await once(server, "listening");
    closing.push(() => {
      server.closeAllConnections();
      server.close();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  },
};

async function start(
  framework: string,
  more: Partial<SessionOptions> = {},
) {
  const { options, events } = setUp(more as object);
  const url = await FRAMEWORKS[framework]?.(options as SessionOptions<Data>);
  const get = (path: string, cookie = "", init: RequestInit = {}) =>
    fetch(`${url}${path}`, {
      ...init,
      headers: { ...cookie && { cookie }, ...init.headers },
    });
  return { url, get, events: events as SessionEvent[] };
}

for (const framework of Object.keys(FRAMEWORKS)) {
  for (const [kind, more] of Object.entries(kinds)) {
    describe(`the recipe for ${framework}, data ${kind},`, () => {
      it("keeps a session, however the route answers", async () => {
        const { url, get } = await start(framework, more());
        const first = await get("/");
        assert.equal(await first.text(), "1");
        assert.equal(first.headers.get("cache-control"), "no-store");
        assert.match(`${first.headers.get("vary")}`, /Cookie/);
        let cookie = cookieOf(first);
        const visit = async (path: string, init: RequestInit = {}) => {
          const response = await get(path, cookie, init);
          cookie = cookieOf(response) ?? cookie;
          return { response, body: await response.text() };
        };
        assert.equal((await visit("/stream")).body, "2");
        assert.equal((await visit("/empty")).response.status, 204);
        await visit("/", { method: "HEAD" });
        // `fetch` would ask for a new one.
        const asking = httpRequest(`${url}/unchanged`, {
          headers: { cookie: `${cookie}` },
        }).end();
        const [unchanged] = await once(asking, "response") as [
          IncomingMessage,
        ];
        assert.equal(unchanged.statusCode, 304);
        cookie = unchanged.headers["set-cookie"]?.[0]?.split(";")[0] ?? cookie;
        const { response, body } = await visit("/cookies");
        assert.match(body, /^[56]$/);
        const lines = response.headers.getSetCookie();
        assert.equal(lines.filter((line) => line === "theme=dark").length, 1);
      });

      it("leaves a response alone if its session is not used", async () => {
        const { get } = await start(framework, more());
        const { headers } = await get("/none");
        assert.equal(headers.get("vary"), null);
        assert.equal(headers.get("cache-control"), null);
        assert.deepEqual(headers.getSetCookie(), []);
      });

      it("marks what was read as private", async () => {
        const { get } = await start(framework, more());
        const { headers } = await get("/read");
        assert.equal(headers.get("vary"), "Accept, Cookie");
        assert.equal(headers.get("cache-control"), "max-age=60, private");
        assert.equal(headers.get("cdn-cache-control"), null);
      });

      it("keeps nothing of a route that throws", async () => {
        const { get, events } = await start(framework, more());
        for (const [path, status] of [["/throw", 500], ["/missing", 404]]) {
          const response = await get(`${path}`);
          assert.equal(response.status, status);
          assert.deepEqual(response.headers.getSetCookie(), []);
          assert.match(`${response.headers.get("vary")}`, /Cookie/);
          assert.equal(response.headers.get("cache-control"), "private");
        }
        assert.deepEqual(typesOf(events), ["local"]);
      });

      it("goes on after a stream that breaks", async () => {
        const { get } = await start(framework, more());
        const response = await get("/broken").catch(() => undefined);
        await response?.text().catch(() => {});
        const cookie = response && cookieOf(response);
        assert.match(await (await get("/", cookie)).text(), /^[12]$/);
      });

      it("ends a session though its route throws", async () => {
        const { get } = await start(framework, more());
        const cookie = cookieOf(await get("/"));
        const response = await get("/end", cookie);
        assert.equal(response.status, 500);
        assert.match(`${cookieOf(response)}`, /^sid-\d+=$/);
        assert.equal(await (await get("/new", cookie)).text(), "true");
      });
    });
  }

  describe(`the recipe for ${framework}`, () => {
    it("answers that a session could not be kept", async () => {
      const store = new MemoryStore({ now: () => START });
      let isDown = true;
      const broken = new Proxy(store, {
        get(target, name) {
          const member = Reflect.get(target, name);
          if (typeof member !== "function") return member;
          return isDown
            ? () => Promise.reject(new Error("down"))
            : member.bind(target);
        },
      });
      const { get } = await start(framework, { store: broken });
      for (const path of ["/", "/stream"]) {
        const response = await get(path);
        assert.equal(response.status, 500);
        assert.deepEqual(response.headers.getSetCookie(), []);
        assert.match(`${response.headers.get("vary")}`, /Cookie/);
        await response.text();
      }
      isDown = false;
      const cookie = cookieOf(await get("/"));
      isDown = true;
      assert.equal((await get("/", cookie)).status, 500);
      isDown = false;
      assert.equal(await (await get("/", cookie)).text(), "2");
    });

    it("refuses a request of another site with csrf", async () => {
      const { get } = await start(framework, { csrf: true });
      const response = await get("/", "", {
        method: "POST",
        headers: { "sec-fetch-site": "cross-site" },
      });
      assert.equal(response.status, 403);
      assert.deepEqual(response.headers.getSetCookie(), []);
    });
  });
}
