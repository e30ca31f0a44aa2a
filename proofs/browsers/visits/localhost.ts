import type { Visit } from "../visit.ts";
import { shop, textAt } from "../world.ts";

const SECURE_ON_HTTP = {
  chromium: "__Host-sid, Secure; nobody 2",
  firefox: "__Host-sid, Secure; nobody 2",
  webkit: "nothing; nobody 1",
};

export const localhost: Visit = {
  name: "On this machine",
  expected: {
    "http://localhost": "sid-PORT, for http; nobody 2",
    "http://127.0.0.1": "sid-PORT, for http; nobody 2",
    "https://localhost": "__Host-sid, Secure; nobody 2",
    "http://localhost, secure: true": SECURE_ON_HTTP,
    "http://127.0.0.1, secure: true": SECURE_ON_HTTP,
    "http from elsewhere": "nothing; nobody 1",
    "http from elsewhere, secure: false": "sid, for http; nobody 2",
    "two ports of localhost": "ada 1, nobody 1",
  },
  async run(world) {
    const seen: Record<string, string> = {};
    // The console's one line is not of interest here.
    const onEvent = () => {};
    const auto = shop({ onEvent });
    const always = shop({ onEvent, cookie: { secure: true } });
    const never = shop({ onEvent, cookie: { secure: false } });
    const visit = async (
      what: string,
      handler: typeof auto,
      protocol: "http" | "https",
      host: "app" | "localhost" | "loopback",
    ) => {
      const tab = await world.openTab();
      const origin = (await world.serve({ app: handler }, protocol))[host];
      await tab.goTo(`${origin}/count`);
      const text = await textAt(tab, `${origin}/count`);
      const stored = (await tab.cookies()).map(({ name, isSecure }) =>
        `${name.replace(new URL(origin).port, "PORT")}, ${
          isSecure ? "Secure" : "for http"
        }`
      );
      seen[what] = `${stored.join() || "nothing"}; ${text}`;
    };
    await visit("http://localhost", auto, "http", "localhost");
    await visit("http://127.0.0.1", auto, "http", "loopback");
    await visit("https://localhost", auto, "https", "localhost");
    const strict = ", secure: true";
    await visit(`http://localhost${strict}`, always, "http", "localhost");
    await visit(`http://127.0.0.1${strict}`, always, "http", "loopback");
    await visit("http from elsewhere", auto, "http", "app");
    const plain = "http from elsewhere, secure: false";
    await visit(plain, never, "http", "app");

    const tab = await world.openTab();
    const one = await world.serve({ app: auto }, "http");
    const other = await world.serve({ app: shop({ onEvent }) }, "http");
    await tab.goTo(`${one.localhost}/in`);
    const second = await textAt(tab, `${other.localhost}/count`);
    const first = await textAt(tab, `${one.localhost}/count`);
    seen["two ports of localhost"] = `${first}, ${second}`;
    return seen;
  },
};
