import type { Visit } from "../visit.ts";
import { planter, planting, shop, textAt } from "../world.ts";

const LIMIT = 4096;
const KEPT_BY_WEBKIT = {
  chromium: "refused",
  firefox: "refused",
  webkit: "kept",
};

// What counts is that the largest cookie that the library makes is kept.
export const size: Visit = {
  name: "A large cookie",
  isQuick: true,
  expected: {
    "the largest session": "4096 bytes, kept",
    "a session that is larger": "500, then ada",
    "name and value of 4097 bytes": KEPT_BY_WEBKIT,
    "name of 1, value of 4096 bytes": KEPT_BY_WEBKIT,
  },
  async run(world) {
    const tab = await world.openTab();
    const sizes: number[] = [];
    const handler = shop({}, {
      // Base64url has no text of each length; this one has the largest.
      large: (session) => void session.set("big", "x".repeat(2969)),
      larger: (session) => void session.set("big", "x".repeat(4000)),
    });
    const { app } = await world.serve({
      app: async (request) => {
        try {
          const response = await handler(request);
          const [pair = ""] = response.headers.getSetCookie()[0]?.split(";") ??
            [];
          sizes.push(pair.length - 1);
          return response;
        } catch {
          return new Response("Too large", { status: 500 });
        }
      },
    });
    await tab.goTo(`${app}/in`);
    await tab.goTo(`${app}/large`);
    const largest = Math.max(...sizes);
    const isKept = await textAt(tab, `${app}/look`) === "ada 0";
    const status = await tab.run(
      "return (await fetch('/larger')).status",
    );
    const still = (await textAt(tab, `${app}/look`)).split(" ")[0];

    const raw = await world.serve({ app: planter });
    const kept = async (line: string, name: string) => {
      await tab.run(
        `await fetch(${JSON.stringify(planting(raw.app, line))},
          { mode: "no-cors", credentials: "include" })`,
      );
      return (await textAt(tab, raw.app)).includes(`${name}=`)
        ? "kept"
        : "refused";
    };
    return {
      "the largest session": `${largest} bytes, ${isKept ? "kept" : "lost"}`,
      "a session that is larger": `${status}, then ${still}`,
      "name and value of 4097 bytes": await kept(
        `wide=${"x".repeat(LIMIT - 3)}; Secure; SameSite=None`,
        "wide",
      ),
      "name of 1, value of 4096 bytes": await kept(
        `w=${"x".repeat(LIMIT)}; Secure; SameSite=None`,
        "w",
      ),
    };
  },
};
