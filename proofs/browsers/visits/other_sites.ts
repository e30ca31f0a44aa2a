import type { SessionOptions } from "../../../mod.ts";
import type { Tab } from "../engines/engine.ts";
import type { Visit } from "../visit.ts";
import {
  type Action,
  leave,
  page,
  shop,
  textAt,
  until,
  type Visitor,
  type World,
} from "../world.ts";

const SAME_SITE = ["Lax", "Strict", "None"] as const;

/** What a page of another site does to reach the app. */
const WAYS: Readonly<Record<string, (path: string) => string>> = {
  "link": (path) => `location.href = app + "${path}"`,
  "form, GET": (path) => `send("get", "${path}")`,
  "form, POST": (path) => `send("post", "${path}")`,
  "fetch": (path) =>
    `fetch(app + "${path}", { mode: "no-cors", credentials: "include" })`,
  "fetch, POST": (path) =>
    `fetch(app + "${path}",
      { method: "POST", mode: "no-cors", credentials: "include" })`,
  "picture": (path) => `new Image().src = app + "${path}"`,
};

/** A page of another site. */
const foreign = (request: Request) =>
  page(
    "Foreign",
    `<script>
      var app = "https://app.site.test:${new URL(request.url).port}";
      function send(method, path) {
        const form = document.createElement("form");
        Object.assign(form, { method, action: app + path });
        document.body.append(form);
        form.submit();
      }
    </script>`,
  );

interface Came {
  who: string;
  site: string | null;
}

/** A shop that notes who came, by path; and another site. */
async function twoSites(
  world: World,
  options: Partial<SessionOptions<Visitor>>,
) {
  const came = new Map<string, Came>();
  const note: Action = (session, request) => {
    came.set(new URL(request.url).pathname, {
      who: session.userId ?? "nobody",
      site: request.headers.get("sec-fetch-site"),
    });
  };
  const handler = shop(options, {
    look: note,
    // It writes, as a page does that counts.
    note: (session, request) => {
      note(session, request);
      session.set("n", 7);
    },
  });
  const origins = await world.serve({ app: handler, other: foreign });
  return { ...origins, came };
}

async function arrive(
  tab: Tab,
  other: string,
  way: string,
  path: string,
  came: Map<string, Came>,
): Promise<Came> {
  await tab.goTo(other);
  const script = WAYS[way]?.(path) ?? "";
  if (/^(link|form)/.test(way)) await leave(tab, script, path);
  else await tab.run(`${script};`);
  return await until(() => came.get(path), `${way} at ${path}`);
}

export const otherSites: Visit = {
  name: "From another site",
  expected: {
    ...Object.fromEntries(
      Object.keys(WAYS).flatMap((way) =>
        SAME_SITE.map((sameSite) => {
          const isSent = sameSite === "None" ||
            sameSite === "Lax" && /^link$|GET$/.test(way);
          const withheld = "not sent, and kept";
          const value = isSent ? "sent" : withheld;
          // Nothing that a third party would see, but for WebKitGTK.
          const isThirdParty = isSent && !/^(link|form)/.test(way);
          return [
            `${sameSite}, ${way}`,
            isThirdParty
              ? { chromium: withheld, firefox: withheld, webkit: value }
              : value,
          ];
        })
      ),
    ),
    "Sec-Fetch-Site": "cross-site",
  },
  async run(world) {
    const seen: Record<string, string> = {};
    const sites = new Set<string | null>();
    for (const sameSite of SAME_SITE) {
      const { app, other, came } = await twoSites(world, {
        cookie: { sameSite },
      });
      const tab = await world.openTab();
      await tab.goTo(`${app}/in`);
      let at = 0;
      for (const way of Object.keys(WAYS)) {
        const path = `/${at++}/note`;
        const { who, site } = await arrive(tab, other, way, path, came);
        sites.add(site);
        const after = await textAt(tab, `${app}/look`);
        seen[`${sameSite}, ${way}`] = [
          who === "ada" ? "sent" : "not sent",
          ...who === "ada" ? [] : [after.startsWith("ada") ? "kept" : "lost"],
        ].join(", and ");
      }
    }
    seen["Sec-Fetch-Site"] = [...sites].join(", ");
    return seen;
  },
};

/** A login whose answer is a 303 to a page. */
const redirecting: Readonly<Record<string, Action>> = {
  enter: (session) => {
    session.login("ada");
    return new Response(null, { status: 303, headers: { location: "/look" } });
  },
};

export const logins: Visit = {
  name: "A login that answers 303",
  expected: {
    ...Object.fromEntries(
      SAME_SITE.flatMap((sameSite) => [
        [`${sameSite}, from a form of the app`, "ada 0"],
        [
          `${sameSite}, from a form of another site`,
          sameSite === "Strict" ? "nobody 0, then ada 0" : "ada 0, then ada 0",
        ],
      ]),
    ),
    "by fetch, then a page": "ada 0",
  },
  async run(world) {
    const seen: Record<string, string> = {};
    for (const sameSite of SAME_SITE) {
      const { app, other } = await world.serve({
        app: shop({ cookie: { sameSite } }, redirecting),
        other: foreign,
      });
      const own = await world.openTab();
      await own.goTo(`${app}/count`);
      await own.run(
        `const form = document.createElement("form");
        Object.assign(form, { method: "post", action: "/enter", id: "login" });
        document.body.append(form);`,
      );
      seen[`${sameSite}, from a form of the app`] = (await leave(
        own,
        "document.querySelector('#login').submit()",
        "/look",
      )).replace(/ \d/, " 0");
      const tab = await world.openTab();
      await tab.goTo(other);
      const first = await leave(tab, "send('post', '/enter')", "/look");
      const then = await textAt(tab, `${app}/look`);
      seen[`${sameSite}, from a form of another site`] =
        `${first}, then ${then}`;
    }
    const { app } = await world.serve({ app: shop({}, redirecting) });
    const tab = await world.openTab();
    await tab.goTo(`${app}/look`);
    await tab.run("await fetch('/enter', { method: 'POST' })");
    seen["by fetch, then a page"] = await textAt(tab, `${app}/look`);
    return seen;
  },
};

export const csrf: Visit = {
  name: "With csrf: true",
  isQuick: true,
  expected: {
    "a form of another site":
      "refused: Forbidden: another site has sent this request",
    "a form of a sibling":
      "refused: Forbidden: another site has sent this request",
    "fetch of another site": "refused",
    "a form of the app": "nobody 1",
    "fetch of the app": "taken",
  },
  async run(world) {
    const statuses: number[] = [];
    const handler = shop({ csrf: true });
    const { app, other, evil } = await world.serve({
      app: async (request) => {
        const response = await handler(request);
        if (request.method === "POST") statuses.push(response.status);
        return response;
      },
      other: foreign,
      evil: foreign,
    });
    const tab = await world.openTab();
    const told = () => statuses.at(-1) === 403 ? "refused" : "taken";
    const form = async (from: string) => {
      await tab.goTo(from);
      const text = await leave(tab, "send('post', '/count')", "/count");
      return `${told()}: ${text}`;
    };
    const seen: Record<string, string> = {
      "a form of another site": await form(other),
      "a form of a sibling": await form(evil),
    };
    await tab.goTo(other);
    await tab.run(`await ${WAYS["fetch, POST"]?.("/count")}`);
    seen["fetch of another site"] = told();
    await tab.goTo(`${app}/look`);
    await tab.run("await fetch('/look', { method: 'POST' })");
    seen["fetch of the app"] = told();
    seen["a form of the app"] = await leave(
      tab,
      `const form = document.createElement("form");
      Object.assign(form, { method: "post", action: "/count" });
      document.body.append(form);
      form.submit();`,
      "/count",
    );
    return seen;
  },
};
