// The first request of a process, while parts of the library are being loaded:
// one of these, by its name. Prints what became of it: see
// `first_request.test.ts`.

import process from "node:process";
import { createSessions, withSession, withSessions } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";

const secret = "the first request of all, 32 bytes or more";
const url = "https://example.com/";
const { setTimeout } = globalThis;

function cookieOf(response: Response): string {
  return response.headers.getSetCookie()[0]?.split(";")[0] ?? "";
}

/** A response that somebody has read, a log say. */
async function used(): Promise<Response> {
  const response = new Response("hello");
  await response.text();
  return response;
}

/** A store whose records take a while to be removed. */
function slowStore(): MemoryStore {
  const store = new MemoryStore();
  const { delete: remove } = store;
  store.delete = async (key) => {
    await new Promise((done) => setTimeout(done, 10));
    await remove.call(store, key);
  };
  return store;
}

const requests: Record<string, () => Promise<unknown>> = {
  // Its body begins another session before what writes is there.
  async body() {
    // Programs fake timers in their tests.
    Object.assign(globalThis, { setTimeout: () => 0 });
    let saved = "yes";
    const first = await withSession((_request, session) => {
      session.set("cart", [1]);
      const body = new ReadableStream({
        async start(controller) {
          await undefined;
          session.reset();
          session.login("ada");
          session.set("cart", [2]);
          await session.save().catch(({ code }) => saved = code);
          controller.close();
        },
      });
      return new Response(body);
    }, { secret })(new Request(url));
    Object.assign(globalThis, { setTimeout });
    await first.text();

    const show = withSession((_request, session) => {
      const { userId } = session;
      return Response.json({ saved, userId, ...session.toJSON() });
    }, { secret });
    const headers = { cookie: cookieOf(first) };
    const shown = await show(new Request(url, { headers }));
    return await shown.json();
  },

  // Its response cannot be copied.
  async used() {
    const store = slowStore();
    const handle = withSession((_request, session) => {
      session.login("ada");
      return used();
    }, { secret, store });
    const error = await handle(new Request(url)).catch(({ name }) => name);
    return [error, await createSessions({ secret, store }).count()];
  },

  // Nor that of several sessions, of which one gets no cookie over http.
  async usedBySeveral() {
    const store = slowStore();
    const handle = withSessions({
      prefs: { secret, cookie: { secure: false } },
      cart: { secret, store },
    }, async (_request, { prefs, cart }) => {
      prefs.set("theme", "dark");
      cart.set("n", 1);
      await cart.save();
      return await used();
    });
    const request = new Request("http://192.168.0.9/");
    const error = await handle(request).catch(({ name }) => name);
    return [error, await createSessions({ secret, store }).count()];
  },

  // The store is asked before anything is written.
  async storeFirst() {
    const sessions = createSessions({ secret, store: new MemoryStore() });
    const before = await sessions.count();
    const session = sessions.create();
    session.set("n", 1);
    await sessions.seal(session);
    return [before, await sessions.count()];
  },

  // What writes is there before what a store needs.
  async storeLast() {
    const cookies = createSessions({ secret });
    await cookies.seal(cookies.create());
    const sessions = createSessions({ secret, store: new MemoryStore() });
    const session = sessions.create();
    session.set("n", 1);
    await sessions.seal(session);
    return [0, await sessions.count()];
  },
};

// deno-lint-ignore no-console
console.log(JSON.stringify(await requests[process.argv[2] ?? ""]?.()));
