import { type AnyData, type SessionStore, withSession } from "../../mod.ts";
import { data } from "./data.ts";

/** A handler of a whole server. */
export type Fetch = (request: Request) => Response | Promise<Response>;

/** What a server's sessions are made with. */
export interface AppOptions {
  readonly secret: string;
  readonly store?: SessionStore | undefined;
}

/**
 * One handler a path. `/bare` has no session at all, `/untouched` one that
 * nobody asks for, `/read` reads a value and `/write` counts up. `/begin` and
 * `/size` are for the proof.
 */
export function makeApp({ secret, store }: AppOptions): Fetch {
  const options = store ? { secret, store } : { secret };
  const withSome = withSession<AnyData>(({ url }, session) => {
    const path = pathOf(url);
    if (path === "/read") return answer(session.get("visits") ?? "none");
    if (path === "/write") {
      return answer(session.update("visits", (n: number = 0) => n + 1));
    }
    if (path === "/begin") {
      session.set("text", data.text);
      session.set("visits", data.visits);
    }
    return answer(JSON.stringify(session).length);
  }, options);
  const untouched = withSession<AnyData, [], true>(
    () => answer("0"),
    { ...options, lazy: true },
  );
  const routes = new Map<string, Fetch>([
    ["/bare", () => answer("0")],
    ["/untouched", untouched],
    ["/begin", withSome],
    ["/size", withSome],
    ["/read", withSome],
    ["/write", withSome],
  ]);
  return (request) => {
    const route = routes.get(pathOf(request.url));
    return route ? route(request) : new Response(null, { status: 404 });
  };
}

function answer(what: unknown): Response {
  return new Response(`${what}`);
}

function pathOf(url: string): string {
  return url.slice(url.lastIndexOf("/"));
}
