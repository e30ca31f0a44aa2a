// What the pages show of what the handlers know.

import { readFileSync } from "node:fs";
import type { Session, SessionErrorCode } from "../mod.ts";
import type { Choice } from "./choice.ts";
import { runIn } from "./context.ts";
import type { HomePages, Shown } from "./home.ts";
import { markup } from "./markup.ts";
import { PLACES } from "./late_kv.ts";
import type { Logs } from "./log.ts";
import { openCookie, recordOf } from "./opened_cookie.ts";
import { toCookiePage } from "./pages/cookie.ts";
import { toHome, toJoin } from "./pages/home.ts";
import type { Two } from "./pages/late_kv.ts";
import { type Frame, toResponse } from "./pages/layout.ts";
import { toLine } from "./pages/log.ts";
import { toRace } from "./pages/race.ts";
import type { Shown as RaceShown } from "./race.ts";
import type { Place } from "./stores.ts";

interface Known {
  readonly secret: string;
  readonly now: () => number;
  readonly places: readonly Place[];
  readonly logs: Logs;
  readonly choiceOf: (request: Request) => Choice;
}

/** What makes responses. */
export interface Views {
  /** @param name The cookie's name without its prefix. */
  home(place: Place, name: string): HomePages;
  race(place: Place): (shown: RaceShown, request: Request) => Response;
  failure(request: Request, error: unknown): Response;
}

/** Makes the views of a site. */
export function viewsOf(known: Known): Views {
  const { secret, now, places, logs, choiceOf } = known;
  const source = readFileSync(
    new URL("./naive_session.ts", import.meta.url),
    "utf8",
  );
  const frame = (request: Request): Pick<Frame, "places" | "choice"> => ({
    places,
    choice: choiceOf(request),
  });

  function events(
    request: Request,
    { id, isNew }: Pick<Session, "id" | "isNew">,
  ): Response {
    const { headers, method, url } = request;
    const after = headers.get("last-event-id") ??
      new URL(url).searchParams.get("after");
    const body = !isNew && method === "GET" && logs.stream(
      id,
      Number(after) || 0,
      (line) => toLine(line).text,
    );
    // 204 tells a browser not to come again.
    return body
      ? new Response(body, {
        headers: { "content-type": "text/event-stream; charset=utf-8" },
      })
      : new Response(null, { status: 204 });
  }

  /** What the KV says in both places, as somebody finds it who looks there. */
  async function bothPlaces(
    request: Request,
    place: Place,
    name: string,
  ): Promise<Two | undefined> {
    if (place.kind !== "kv") return undefined;
    const cookie = await openCookie(request, place, name, secret);
    const visits = PLACES.map(async (_name, at) => {
      const there = { told: [], tell: () => {}, place: at, delay: 0 };
      const { record } = cookie &&
          await runIn(there, () => recordOf(cookie, place)) || {};
      const { visits } = JSON.parse(record?.value ?? "{}");
      return visits as number | undefined;
    });
    const here = Number(new URL(request.url).searchParams.get("at") ?? 0);
    return {
      here: here in PLACES ? here : 0,
      visits: await Promise.all(visits),
    };
  }

  return {
    home: (place, name) => ({
      async home(request, shown) {
        if (!request.headers.get("accept")?.includes("text/html")) {
          return toText(shown);
        }
        const visits = shown.session.get("visits") ?? 0;
        const response = toResponse(
          {
            ...frame(request),
            title: `Visit ${visits}`,
            path: "/",
            notices: shown.notices,
            log: { lines: logs.read(shown.session.id), events: "/events" },
          },
          toHome(shown, place, now(), await bothPlaces(request, place, name)),
        );
        response.headers.set("vary", "Accept");
        return response;
      },
      async cookie(request, { session, notices }) {
        const cookie = await openCookie(request, place, name, secret);
        const stored = cookie && await recordOf(cookie, place);
        return toResponse({
          ...frame(request),
          title: "Opened cookie",
          path: "/cookie",
          notices,
          log: { lines: logs.read(session.id), events: "/events" },
        }, toCookiePage(cookie && { ...cookie, stored }));
      },
      join: (request, code, name) =>
        toResponse(
          { ...frame(request), title: "Sign in" },
          toJoin(code, name),
        ),
      events,
    }),
    race: (place) => (shown, request) => {
      if (new URL(request.url).pathname === "/race/events") {
        return events(request, shown.session);
      }
      const lines = logs.read(shown.session.id);
      return toResponse({
        ...frame(request),
        title: "Race",
        path: "/race",
        log: { lines, events: "/race/events" },
      }, toRace(shown, place.race, source));
    },
    failure(request, error) {
      const code = (error as { code?: SessionErrorCode }).code;
      const isOurs = (error as Error).name === "SessionError";
      if (!isOurs) console.error(error);
      const reason = isOurs
        ? markup`<code>${code}</code>: ${(error as Error).message}`
        : "The server has failed.";
      return toResponse(
        { ...frame(request), title: "Not kept" },
        markup`<h1>This could not be kept</h1>
<p>${reason}</p>
<p><a href="/">To your session</a></p>`,
        code === "gone" || code === "conflict" ? 409 : 500,
      );
    },
  };
}

/** One line for curl. */
function toText({ session, name, notices }: Shown): Response {
  const parts = [
    `Visit ${session.get("visits")}`,
    name ? `signed in as ${name}` : "not signed in",
    ...notices.map(({ text, link }) =>
      `notice: ${[text, link].filter(Boolean).join(" ")}`
    ),
  ];
  return new Response(`${parts.join(", ")}\n`, { headers: { vary: "Accept" } });
}
