import { MemoryStore } from "../../../stores/memory.ts";
import type { Visit } from "../visit.ts";
import { leave, page, pause, shop, textAt, until } from "../world.ts";

const KINDS = {
  "in a cookie": () => ({}),
  "in a store": () => ({ store: new MemoryStore() }),
};

/** How a page sends something that the server answers after the logout. */
const SENDERS: Readonly<Record<string, string>> = {
  "fetch": "fetch('/slow').catch(() => {})",
  "fetch with keepalive": "fetch('/slow', { keepalive: true }).catch(() => {})",
  "sendBeacon, as the page is left":
    "addEventListener('pagehide', () => navigator.sendBeacon('/slow', 'x'))",
};

const rows = (sender: string, kind: string) => `${sender}, ${kind}`;

export const background: Visit = {
  name: "A request on its way during a logout",
  expected: Object.fromEntries(
    Object.keys(KINDS).flatMap((kind) =>
      Object.keys(SENDERS).map((
        sender,
      ) => [rows(sender, kind), "it was ada; then nobody, no cookie"])
    ),
  ),
  async run(world) {
    const seen: Record<string, string> = {};
    for (const [kind, options] of Object.entries(KINDS)) {
      for (const [sender, script] of Object.entries(SENDERS)) {
        const jar = await world.openJar();
        const tab = await jar.openTab();
        // The tab that sends must not be left before the answer is there.
        const second = await jar.openTab();
        let release = () => {};
        const released = new Promise<void>((done) => release = done);
        const came: string[] = [];
        const answered: string[] = [];
        const handler = shop(options(), {
          slow: async (session) => {
            came.push(session.userId ?? "nobody");
            await released;
            session.update("n", (n = 0) => Number(n) + 1);
          },
        });
        const { app } = await world.serve({
          app: async (request) => {
            const isSlow = request.url.endsWith("/slow");
            try {
              return await handler(request);
            } catch {
              return new Response("Over", { status: 409 });
            } finally {
              if (isSlow) answered.push("");
            }
          },
        });
        await tab.goTo(`${app}/in`);
        await tab.run(`${script.replace(/^fetch/, "void fetch")};`);
        if (sender.startsWith("fetch")) {
          await until(() => came.length, "a request");
          await textAt(second, `${app}/out`);
        } else {
          // It leaves first, so it is from before the logout; and if not, it
          // brings a cookie that ends while it waits.
          await leave(tab, "location.href = '/away'", "/away");
          await until(() => came.length, "a beacon");
          await textAt(second, `${app}/out`);
        }
        release();
        await until(() => answered.length, "its answer");
        await pause(150);
        const after = await textAt(second, `${app}/look`);
        const left = (await second.cookies()).length;
        seen[rows(sender, kind)] = `it was ${came}; then ` +
          `${after.split(" ")[0]}, ${left ? `${left} left` : "no cookie"}`;
      }
    }
    return seen;
  },
};

const WORKER = `
oninstall = () => skipWaiting();
onactivate = (event) => event.waitUntil(clients.claim());
onfetch = (event) => {
  const { pathname } = new URL(event.request.url);
  if (pathname === "/kept") {
    event.respondWith(caches.open("pages").then(async (cache) => {
      const found = await cache.match("/kept");
      if (found) return found;
      const answer = await fetch(event.request);
      await cache.put("/kept", answer.clone());
      return answer;
    }));
  } else event.respondWith(fetch(event.request));
};
onmessage = async ({ data, ports: [port] }) => {
  const text = await (await fetch(data)).text();
  port.postMessage(/<body>(.*)/.exec(text)[1]);
};`;

const ASK = (path: string) =>
  `const { port1, port2 } = new MessageChannel();
  const answer = new Promise((done) => port1.onmessage = done);
  navigator.serviceWorker.controller.postMessage("${path}", [port2]);
  return (await answer).data;`;

export const worker: Visit = {
  name: "A service worker",
  isQuick: true,
  expected: {
    "a login through it": "ada 1",
    "a logout through it": "nobody 0",
    "what it fetches itself, before and after a logout": "ada 2, nobody 1",
    "what it counts after a logout": "is nobody's",
    "a page in its own cache, after a logout with clearCache": "ada 2",
  },
  async run(world) {
    const tab = await world.openTab();
    const { app } = await world.serve({
      app: shop({ clearCache: true }, {
        "sw.js": () =>
          new Response(WORKER, {
            headers: { "content-type": "text/javascript" },
          }),
        "begin": () => page("Begin", "Begin"),
      }),
    });
    await tab.goTo(`${app}/begin`);
    await tab.run(
      `await navigator.serviceWorker.register("/sw.js");
      await navigator.serviceWorker.ready;`,
    );
    await until(
      () => tab.run("return !!navigator.serviceWorker.controller"),
      "a worker",
    );
    await tab.goTo(`${app}/in`);
    const login = await textAt(tab, `${app}/count`);
    const before = await tab.run(ASK("/count"));
    await tab.goTo(`${app}/kept`);
    const logout = await textAt(tab, `${app}/out`);
    const after = await tab.run(ASK("/count"));
    const look = await textAt(tab, `${app}/look`);
    return {
      "a login through it": login,
      "a logout through it": logout,
      "what it fetches itself, before and after a logout":
        `${before}, ${after}`,
      "what it counts after a logout": look.startsWith("nobody")
        ? "is nobody's"
        : look,
      "a page in its own cache, after a logout with clearCache": await textAt(
        tab,
        `${app}/kept`,
      ),
    };
  },
};
