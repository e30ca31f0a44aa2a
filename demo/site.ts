// All of the demo as one handler, for whatever runtime.

import { readFileSync } from "node:fs";
import type { SessionOptions } from "../mod.ts";
import { type Choice, delayOf, readChoice, writeChoice } from "./choice.ts";
import { type Context, currentContext, runIn, type Told } from "./context.ts";
import { createHome } from "./home.ts";
import { Invites } from "./invites.ts";
import { PLACES } from "./late_kv.ts";
import { Logs } from "./log.ts";
import { createRace, type Race } from "./race.ts";
import { openPlaces, type Place, type PlaceSettings, USUAL } from "./stores.ts";
import { type Play, playRace } from "./two_tabs.ts";
import { viewsOf } from "./views.ts";

/** What a site is made of. */
export interface SiteSettings extends PlaceSettings {
  readonly secret: string;
}

type Fetch = (request: Request) => Promise<Response>;

interface Site {
  readonly home: Fetch;
  readonly race: Race;
}

const PAGES = ["/", "/cookie", "/join", "/events", "/race", "/race/events"];
const FILES: Record<string, string> = {
  "/style.css": "text/css; charset=utf-8",
  "/script.js": "text/javascript; charset=utf-8",
};

/** What a server needs of the demo. */
export interface Demo {
  readonly fetch: Fetch;
  /** Removes what has expired and is still kept; to be called now and then. */
  deleteExpired(): Promise<void>;
}

/** Makes the demo. */
export async function createSite(settings: SiteSettings): Promise<Demo> {
  const { secret, now } = settings;
  const places = await openPlaces(settings);
  const kinds = places.map(({ kind }) => kind);
  const invites = new Invites(now);
  const logs = new Logs();
  const files = new Map(
    Object.keys(FILES).map((path) => [path, read(`.${path}`)]),
  );
  const views = viewsOf({ ...settings, places, logs, choiceOf });
  const sites = new Map(places.map((place) => [place.kind, open(place)]));

  function open(place: Place): Site {
    const isUsual = place.kind === USUAL;
    const named = (name: string): SessionOptions => ({
      ...place.options,
      secret,
      now,
      csrf: true,
      cookie: { name: `__Host-${name}` },
      onEvent: (event) => void currentContext()?.tell(event),
    });
    const name = isUsual ? "sid" : place.kind;
    return {
      home: createHome(place, named(name), views.home(place, name), invites),
      race: createRace(named(`race-${place.kind}`), views.race(place)),
    };
  }

  function choiceOf(request: Request): Choice {
    const choice = readChoice(request, kinds, USUAL);
    const { pathname, searchParams } = new URL(request.url);
    // A link that signs in leads to where the account is.
    const code = pathname === "/join" && searchParams.get("code");
    const kind = code && invites.read(code)?.kind;
    return kind ? { ...choice, kind } : choice;
  }

  /** Answers within a context, and adds what was told to the session's log. */
  async function answer(request: Request, fetch: Fetch): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const place = Number(searchParams.get("at") ?? 0);
    const by = `${request.method} ${pathname}`;
    const told: Told[] = [];
    const context: Context = {
      told,
      tell: (event) => void told.push({ at: now(), event, by }),
      place: place in PLACES ? place : 0,
      delay: choiceOf(request).delay * 1000,
    };
    try {
      return await runIn(context, () => fetch(request));
    } finally {
      // To listen is no event of its own.
      if (!pathname.endsWith("/events")) keep(context);
    }
  }

  function keep({ ids, told }: Context): void {
    if (!ids) return;
    logs.move(ids.before, ids.after);
    const { before, after } = ids;
    const others = told.filter(({ event }) =>
      "id" in event && event.id !== before && event.id !== after
    );
    logs.append(after, told, others);
    // A device that was signed out from afar has a log of its own.
    for (const each of others) {
      const { type, id } = each.event as { type: string; id: string };
      if (type === "revoked") logs.append(id, [{ ...each, by: "from afar" }]);
    }
  }

  async function route(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const type = FILES[pathname];
    if (type) {
      const headers = { "content-type": type, "cache-control": "no-cache" };
      return new Response(files.get(pathname), { headers });
    }
    if (pathname === "/choose") return await choose(request, kinds);
    const { home, race } = sites.get(choiceOf(request).kind) as Site;
    if (pathname === "/race/play" && request.method === "POST") {
      const form = await formOf(request);
      const play: Play = form?.get("play") === "update" ? "update" : "sign-out";
      const fetch = (each: Request) => answer(each, race.answer);
      return await playRace(play, request, fetch, race.boardOf);
    }
    const isPage = /^(GET|HEAD)$/.test(request.method) &&
      PAGES.includes(pathname);
    if (request.method !== "POST" && !isPage) {
      return new Response("Not found\n", { status: 404 });
    }
    const response = await answer(
      request,
      /^\/race(\/|$)/.test(pathname) ? race.answer : home,
    );
    if (pathname !== "/join" || !searchParams.has("code")) return response;
    return withChoice(response, choiceOf(request));
  }

  return {
    async fetch(request) {
      // As of a strange Host.
      if (!URL.canParse(request.url)) {
        return new Response("Bad request\n", { status: 400 });
      }
      try {
        return await route(request);
      } catch (error) {
        return views.failure(request, error);
      }
    },
    async deleteExpired() {
      for (const { records } of places) {
        await records?.().deleteExpired?.(now());
      }
    },
  };
}

/** Keeps what the visitor has chosen, and goes back to the page. */
async function choose(
  request: Request,
  kinds: readonly string[],
): Promise<Response> {
  const form = await formOf(request);
  if (!form) return new Response("Expected a form\n", { status: 400 });
  // As `csrf` does for what has a session.
  if (/^(cross|same)-site$/.test(request.headers.get("sec-fetch-site") ?? "")) {
    return new Response("Forbidden\n", { status: 403 });
  }
  const back = String(form.get("back"));
  const { delay } = readChoice(request, [], USUAL);
  const kind = kinds.find((each) => each === form.get("kind")) ?? USUAL;
  const response = new Response(null, {
    status: 303,
    headers: { location: PAGES.includes(back) ? back : "/" },
  });
  return withChoice(response, {
    kind,
    delay: form.has("delay") ? delayOf(form.get("delay")) : delay,
  });
}

function withChoice(response: Response, choice: Choice): Response {
  const { status } = response;
  const headers = new Headers(response.headers);
  headers.append("set-cookie", writeChoice(choice));
  headers.set("cache-control", "no-store");
  return new Response(response.body, { status, headers });
}

async function formOf(request: Request): Promise<FormData | null> {
  return request.method === "POST"
    ? await request.formData().catch(() => null)
    : null;
}

function read(path: string): string {
  return readFileSync(new URL(path, import.meta.url), "utf8");
}
