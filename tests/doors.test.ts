import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Hono } from "hono";
import { type SessionEnv, sessions } from "../hono.ts";
import {
  createSessions,
  type Session,
  type SessionOptions,
  withSession,
  withSessions,
} from "../mod.ts";
import { MemoryStore } from "../stores/memory.ts";
import { Browser } from "../testing/browser.ts";
import { resetCases } from "./shared/http_cases/reset.ts";
import { streamCases } from "./shared/http_cases/stream.ts";
import { valueCases } from "./shared/http_cases/values.ts";
import { LateStore } from "./shared/late_store.ts";
import { type Handler, setUp } from "./shared/support.ts";

// What a session does is the same behind each door and in each place.

type Options = Omit<SessionOptions, "lazy">;
type Door = (
  handler: Handler,
  options: Options,
) => (request: Request) => Promise<Response>;

const doors: Record<string, Door> = {
  withSession: (handler, options) => withSession(handler, options),
  withSessions: (handler, options) =>
    withSessions(
      { other: options, sid: options },
      (request, { sid }) => handler(request, sid),
    ),
  "Hono's sessions": (handler, options) => {
    const app = new Hono<SessionEnv>();
    app.use(sessions(options));
    // Of errors that are thrown as they are, Hono knows those of its own kind.
    app.all("*", async (c) => {
      try {
        return await handler(c.req.raw, c.var.session);
      } catch (error) {
        throw error instanceof Error ? error : new Error("No error");
      }
    });
    app.onError((_error, c) => c.text("Sorry", 500));
    return async (request) => await app.fetch(request);
  },
};

const places: Record<string, (now: () => number) => Partial<Options>> = {
  "in a cookie": () => ({}),
  "in a store": (now) => ({ store: new MemoryStore({ now }) }),
  "in a late store": () => ({ store: new LateStore(90) }),
  "in a late store with revocations": (now) => ({
    store: new LateStore(90),
    revocations: new MemoryStore({ now }),
  }),
  "in an encrypted store": (now) => ({
    store: new MemoryStore({ now }),
    encrypt: true,
  }),
};

const cases = [...resetCases, ...valueCases, ...streamCases];

for (const [door, open] of Object.entries(doors)) {
  for (const [place, make] of Object.entries(places)) {
    describe(`${door}, ${place}`, () => {
      for (const { name, run, strongOnly } of cases) {
        const isStrong = /in an? (encrypted )?store$/.test(place);
        if ((strongOnly ?? isStrong) !== isStrong) continue;
        // These are about errors, which Hono answers.
        if (door.startsWith("Hono") && /by code|no session back/.test(name)) {
          continue;
        }
        it(name, async () => {
          const { clock, events, options } = setUp();
          const own = make(() => clock.now);
          await run({
            clock,
            events,
            wrap: (handler, more) =>
              open(handler, { ...options, ...own, ...more }),
          });
        });
      }
    });
  }
}

describe("createSessions(), where a handler has failed", () => {
  for (const [place, make] of Object.entries(places)) {
    it(`commit() keeps the end of a session, ${place}`, async () => {
      const { clock, options } = setUp();
      const kept = createSessions({ ...options, ...make(() => clock.now) });
      const answer = async (request: Request) => {
        const session = await kept.open(request);
        const response = await act(request, session)
          .catch(() => new Response("Sorry", { status: 500 }));
        return await kept.commit(session, response);
      };
      const browser = new Browser(answer, { now: () => clock.now });
      await browser.get("/in");
      assert.equal(await (await browser.get("/")).json(), "ada");
      assert.equal((await browser.get("/out")).status, 500);
      assert.equal(await (await browser.get("/")).json(), null);
      const old = browser.cookie("__Host-sid");
      assert.equal(old, undefined);
    });
  }
});

async function act(request: Request, session: Session): Promise<Response> {
  if (request.url.endsWith("/in")) session.login("ada");
  if (request.url.endsWith("/out")) {
    session.destroy();
    session.flash("notice", "Bye");
  }
  return await Promise.resolve(Response.json(session.userId ?? null));
}
