import type { SessionOptions } from "../../../mod.ts";
import {
  leave,
  page,
  shop,
  textAt,
  type Visitor,
  type World,
} from "../world.ts";
import type { Visit } from "../visit.ts";

/** What a page says of caching. */
const POLICIES: Readonly<Record<string, string>> = {
  "nothing said": "",
  "no-store": "no-store",
  "private": "private",
  "private, no-cache": "private, no-cache",
  "private, must-revalidate": "private, max-age=0, must-revalidate",
};

/** What "back" shows to a visitor who has logged out. */
async function backAfterLogout(
  world: World,
  policy: string,
  keepsPages: boolean,
  options: Partial<SessionOptions<Visitor>> = {},
  steps = 1,
): Promise<string> {
  const tab = await world.openTab({ keepsPages });
  const { app } = await world.serve({
    app: shop(options, {
      page: (session) =>
        page("Page", session.userId ?? "nobody", {
          ...policy && { "cache-control": policy },
        }),
    }),
  });
  await tab.goTo(`${app}/in`);
  if (await textAt(tab, `${app}/page`) !== "ada") return "no login";
  // As a visitor does: by links, and the button.
  if (steps > 1) await leave(tab, "location.href = '/look'", "/look");
  await leave(tab, "location.href = '/out'", "/out");
  return await leave(tab, `history.go(-${steps})`, "/page");
}

function backVisit(
  name: string,
  keepsPages: boolean,
  expected: Visit["expected"],
): Visit {
  return {
    name,
    expected,
    async run(world) {
      const seen: Record<string, string> = {};
      for (const [what, policy] of Object.entries(POLICIES)) {
        seen[what] = await backAfterLogout(world, policy, keepsPages);
      }
      if (!keepsPages) return seen;
      for (const steps of [1, 2]) {
        seen[`private and clearCache, ${steps} back`] = await backAfterLogout(
          world,
          "private",
          keepsPages,
          { clearCache: true },
          steps,
        );
      }
      return seen;
    },
  };
}

export const backFromMemory: Visit = backVisit(
  "Back after a logout",
  true,
  {
    "nothing said": "nobody",
    "no-store": "nobody",
    "private": "ada",
    "private, no-cache": "ada",
    "private, must-revalidate": "ada",
    "private and clearCache, 1 back": {
      chromium: "ada",
      firefox: "ada",
      webkit: "nobody",
    },
    "private and clearCache, 2 back": "nobody",
  },
);

export const backFromCache: Visit = backVisit(
  "Back after a logout, where no page is kept in memory",
  false,
  {
    "nothing said": "nobody",
    "no-store": "nobody",
    "private": "nobody",
    "private, no-cache": "nobody",
    "private, must-revalidate": "nobody",
  },
);
