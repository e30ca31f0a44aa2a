import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createSessions,
  type SessionEvent,
  type SessionOptions,
  type SessionRecord,
  type Sessions,
  type SessionStore,
  withSession,
} from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import {
  type BadCookie,
  badCookies,
  type Material,
  unreadable,
} from "../shared/bad_cookies.ts";
import { watch, type WatchedStore } from "../shared/store_bench.ts";
import {
  type Clock,
  type Handler,
  IN_BACKGROUND,
  NAVIGATION,
  requestWith,
  setUp,
  tokenOf,
} from "../shared/support.ts";

const NAME = "__Host-sid=";
const CLEARED = `${NAME}; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax`;

/** What a visitor does with a bad cookie. */
const REQUESTS: Readonly<Record<string, RequestInit>> = {
  "a navigation": NAVIGATION,
  "a request in the background": IN_BACKGROUND,
  "a write": { method: "POST", ...IN_BACKGROUND },
  "a logout": { method: "DELETE", ...IN_BACKGROUND },
};

const visit: Handler = async (request, session) => {
  if (request.method === "POST") session.set("word", await request.text());
  if (request.method === "DELETE") session.destroy();
  return Response.json([session.isNew, session.keys()]);
};

/** Sessions of one place, and a visitor's cookie. */
class Scene {
  readonly clock: Clock;
  readonly events: SessionEvent[];
  readonly watched: WatchedStore;
  readonly sessions: Sessions;
  readonly #options: SessionOptions;
  readonly handle: (request: Request) => Promise<Response>;

  constructor(place: Place) {
    const { clock, events, options } = setUp();
    this.clock = clock;
    this.events = events;
    this.watched = watch(new MemoryStore({ now: () => clock.now }));
    this.#options = { ...options, ...place(this.watched.store) };
    this.sessions = createSessions(this.#options);
    this.handle = withSession(visit, { ...this.#options, lazy: false });
  }

  /** A token that opens. */
  async login(): Promise<string> {
    const session = this.sessions.create();
    session.login("ada");
    return await this.sessions.seal(session);
  }

  async material(): Promise<Material> {
    return {
      secret: this.#options.secret as string,
      purpose: this.#options.store ? "store" : "session",
      good: await this.login(),
      now: Math.floor(this.clock.now / 1000),
    };
  }

  async ask(token: string, init: RequestInit): Promise<Response> {
    return await this.handle(requestWith(NAME + token, undefined, init));
  }

  /** Changes the record of a token, as who writes to the database. */
  async spoil(token: string, change: Partial<SessionRecord>): Promise<void> {
    const { calls, store } = this.watched;
    calls.splice(0);
    await this.sessions.unseal(token);
    const { key = "" } = calls[0] ?? {};
    const record = await store.get(key);
    assert.ok(record);
    const { revision } = record;
    const changed = { ...record, revision: revision + 1, ...change };
    assert.equal(await store.update(key, changed, revision), "ok");
  }
}

type Place = (store: SessionStore) => Partial<SessionOptions>;

const PLACES: Readonly<Record<string, Place>> = {
  "in the cookie": () => ({}),
  "in the cookie, with revocations": (revocations) => ({ revocations }),
  "in a store": (store) => ({ store, renewAfter: 600 }),
  "in a store, encrypted": (store) => ({
    store,
    encrypt: true,
    renewAfter: 600,
  }),
};

/** How a good cookie has become a bad one: where, what is told, the token. */
const STORIES: readonly (readonly [
  kind: string,
  where: RegExp,
  told: string,
  story: (scene: Scene) => Promise<string>,
])[] = [
  ["unused for a day", /./, "expired", async (scene) => {
    const token = await scene.login();
    scene.clock.advance(86_400);
    return token;
  }],
  ["a month old", /./, "expired", async (scene) => {
    const token = await scene.login();
    scene.clock.advance(31 * 86_400);
    return token;
  }],
  ["revoked", /with revocations/, "revoked", async (scene) => {
    const token = await scene.login();
    await scene.sessions.revokeAll("ada");
    return token;
  }],
  ["of a user who was logged out", /store/, "gone", async (scene) => {
    const token = await scene.login();
    await scene.sessions.revokeAll("ada");
    return token;
  }],
  ["logged out half a minute ago", /store/, "gone", async (scene) => {
    const token = await scene.login();
    await scene.ask(token, REQUESTS["a logout"] as RequestInit);
    scene.clock.advance(31);
    return token;
  }],
  ["of a record that is spoilt", /store/, "record", async (scene) => {
    const token = await scene.login();
    await scene.spoil(token, { value: "{{{" });
    return token;
  }],
  ["of another's record", /store/, "record", async (scene) => {
    const token = await scene.login();
    await scene.spoil(token, { id: "AAAAAAAA" });
    return token;
  }],
  ["renewed long ago", /store/, "reuse", async (scene) => {
    const old = await scene.login();
    scene.clock.advance(600);
    const renewed = tokenOf(await scene.ask(old, NAVIGATION));
    await scene.ask(renewed, NAVIGATION);
    scene.clock.advance(31);
    return old;
  }],
];

/** Answers by what they are to, and the kinds of cookies that got them. */
class Answers {
  readonly #kinds: Map<string, string[]> = new Map();

  async add(kind: string, response: Response): Promise<void> {
    const headers = [...response.headers].map(([name, value]) => [
      name,
      // A new session has a token of its own, as long as any other.
      value.replace(/(?<==)[\w-]{102,}/, (text) => `${text.length}`),
    ]);
    const { status, statusText } = response;
    const body = await response.text();
    const answer = JSON.stringify([status, statusText, headers, body]);
    this.#kinds.set(answer, [...this.#kinds.get(answer) ?? [], kind]);
  }

  /** The one answer that all have got. */
  only(): unknown {
    const [answer, ...others] = this.#kinds.keys();
    assert.deepEqual(others, [], JSON.stringify([...this.#kinds], null, 1));
    return JSON.parse(answer as string);
  }
}

for (const [where, place] of Object.entries(PLACES)) {
  describe(`the answer to a bad cookie, session ${where},`, () => {
    for (const [what, init] of Object.entries(REQUESTS)) {
      it(`is the same for every kind: ${what}`, async () => {
        const [cleared, spared] = [new Answers(), new Answers()];
        const told = new Set<string>();
        const compare = async (scene: Scene, cookie: BadCookie) => {
          scene.events.splice(0);
          const response = await scene.ask(cookie.token, init);
          const [event] = scene.events;
          const { type, reason } = event as { type: string; reason?: string };
          const found = type === "rejected" ? reason : type;
          assert.equal(found, cookie.told, cookie.kind);
          told.add(cookie.told);
          const answers = cookie.isSpared ? spared : cleared;
          await answers.add(cookie.kind, response);
        };
        const scene = new Scene(place);
        const material = await scene.material();
        for (const cookie of await badCookies(material)) {
          await compare(scene, cookie);
        }
        if (material.purpose === "session") {
          await compare(scene, await unreadable(material));
        }
        for (const [kind, places, told, story] of STORIES) {
          if (!places.test(where)) continue;
          const scene = new Scene(place);
          const token = await story(scene);
          await compare(scene, { kind, told, token });
        }
        assert.ok(told.size > 9, `only ${told.size} reasons`);
        const [one, other] = [cleared.only(), spared.only()];
        // What may be good elsewhere is cleared by nothing but a logout.
        const isRead = what === "a navigation";
        assert.equal(
          JSON.stringify(one).includes(CLEARED),
          isRead || what === "a logout",
        );
        if (isRead) assert.ok(!JSON.stringify(other).includes(CLEARED));
        else assert.deepEqual(one, other);
      });
    }

    it("is that to no cookie where none has exactly our name", async () => {
      const answers = new Answers();
      for (const init of Object.values(REQUESTS).slice(0, 2)) {
        const { good } = await new Scene(place).material();
        for (
          const cookie of [
            "",
            `${NAME}`,
            `sid=${good}`,
            `__host-sid=${good}`,
            `__Host-sid2=${good}`,
            `x__Host-sid=${good}`,
            `__Host-sid`,
            `a=b, ${NAME}${good}`,
          ]
        ) {
          const scene = new Scene(place);
          const request = requestWith(cookie, undefined, init);
          const response = await scene.handle(request);
          await answers.add(cookie.slice(0, 20), response);
        }
      }
      const [status, , headers] = answers.only() as [
        number,
        string,
        string[][],
      ];
      assert.equal(status, 200);
      assert.ok(headers.every(([name]) => name !== "set-cookie"));
    });
  });
}
