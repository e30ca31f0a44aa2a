// The page with the visitor's own session: counting, signing in and out,
// notices, devices, and the cookie opened.

import {
  createSessions,
  type Session,
  type SessionInfo,
  type SessionOptions,
  withSession,
} from "../mod.ts";
import { accountOf, browserOf, deviceOf, nameOf } from "./accounts.ts";
import { currentContext } from "./context.ts";
import type { Invites } from "./invites.ts";
import type { Place } from "./stores.ts";

/** What a visitor's session holds. */
export interface Data {
  visits: number;
  /** Which accounts are this browser's: see `accounts.ts`. */
  browser: string;
}

/** A line above the page. */
export interface Notice {
  readonly text: string;
  /** An address to open elsewhere. */
  readonly link?: string;
}

/** What the pages show. */
export interface Shown {
  readonly session: Session<Data>;
  readonly name: string | undefined;
  readonly notices: readonly Notice[];
  /** `undefined` where nobody can list them. */
  readonly devices: readonly SessionInfo[] | undefined;
}

/** The pages of one place. */
export interface HomePages {
  home(request: Request, shown: Shown): Response | Promise<Response>;
  cookie(request: Request, shown: Shown): Response | Promise<Response>;
  join(request: Request, code: string, name: string | undefined): Response;
  events(request: Request, session: Session<Data>): Response;
}

const THIRTY_DAYS = 30 * 24 * 60 * 60;
const MOST_DEVICES = 8;

type Act = (
  session: Session<Data>,
  form: FormData,
  request: Request,
) => Promise<void> | void;

/** Makes the handler of one place. */
export function createHome(
  place: Place,
  options: SessionOptions,
  pages: HomePages,
  invites: Invites,
): (request: Request) => Promise<Response> {
  const sessions = createSessions<Data>(options);
  const tell = (session: Session<Data>, text: string, link?: string) =>
    session.flash("notice", { text, link });

  const acts: Record<string, Act> = {
    "/sign-in"(session, form, request) {
      const name = String(form.get("name") ?? "").trim().slice(0, 40);
      if (!name) return tell(session, "Please enter a name");
      if (session.userId) return;
      const browser = session.get("browser") ?? crypto.randomUUID();
      // The place to check a password. The session gets a new cookie here.
      session.login(accountOf(browser, name), { label: deviceOf(request) });
      session.set("browser", browser);
      session.persist(form.has("remember") && THIRTY_DAYS);
      tell(session, `Welcome, ${name}`);
    },
    "/sign-out": (session) => signOut(session, "You have signed out"),
    async "/devices/end"(session, form) {
      const id = String(form.get("id") ?? "");
      if (!session.userId || !place.hasList) return;
      if (id === session.id) return signOut(session, "You have signed out");
      const isEnded = await sessions.revoke(session.userId, id);
      tell(session, isEnded ? "That device is signed out" : "It was gone");
    },
    async "/devices/end-all"(session) {
      if (!session.userId || !place.hasList) return;
      await sessions.revokeAll(session.userId, { except: session });
      signOut(session, "You are signed out everywhere");
    },
    async "/devices/add"(session) {
      const { userId } = session;
      if (!userId || !place.hasList) return;
      if (await sessions.count(userId) >= MOST_DEVICES) {
        return tell(session, "These are devices enough");
      }
      const other = sessions.create();
      other.login(userId, { label: "A phone, made up" });
      // Nobody gets its cookie.
      await sessions.commit(other, new Response());
      tell(session, "A phone has signed in");
    },
    "/invite"(session, _form, request) {
      const { userId } = session;
      if (!userId) return;
      const code = invites.make({ kind: place.kind, userId });
      const link = new URL(`/join?code=${code}`, request.url).href;
      tell(session, "Open this once, in another browser:", link);
    },
    "/join"(session, form, request) {
      const invite = invites.take(String(form.get("code") ?? ""));
      if (invite?.kind !== place.kind) {
        return tell(session, "That link is used up, or too old");
      }
      session.login(invite.userId, { label: deviceOf(request) });
      session.set("browser", browserOf(invite.userId));
      tell(session, `Welcome, ${nameOf(invite.userId)}`);
    },
  };

  function signOut(session: Session<Data>, text: string): void {
    const browser = session.get("browser");
    // Ends it, and begins the next one, which has the notice.
    session.reset();
    if (browser) session.set("browser", browser);
    tell(session, text);
  }

  async function devicesOf(
    { userId }: Session<Data>,
  ): Promise<readonly SessionInfo[] | undefined> {
    if (!userId || !place.hasList) return undefined;
    return await sessions.list(userId);
  }

  async function look(
    request: Request,
    session: Session<Data>,
  ): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/events") return pages.events(request, session);
    if (pathname === "/join") {
      const code = searchParams.get("code") ?? "";
      const { userId } = invites.read(code) ?? {};
      return pages.join(request, code, userId && nameOf(userId));
    }
    if (pathname === "/") session.update("visits", (n = 0) => n + 1);
    const shown = {
      session,
      name: session.userId && nameOf(session.userId),
      notices: session.flashes<Notice>("notice"),
      devices: await devicesOf(session),
    };
    return pathname === "/"
      ? await pages.home(request, shown)
      : await pages.cookie(request, shown);
  }

  return withSession<Data>(async (request, session) => {
    const before = session.id;
    const act = acts[new URL(request.url).pathname];
    let response: Response;
    if (request.method === "POST") {
      if (!act) return new Response("Not found\n", { status: 404 });
      const form = await request.formData().catch(() => null);
      if (!form) return new Response("Expected a form\n", { status: 400 });
      await act(session, form, request);
      // Whoever reloads the page then does not send the form again.
      response = new Response(null, {
        status: 303,
        headers: { location: "/" },
      });
    } else response = await look(request, session);
    const context = currentContext();
    if (context) context.ids = { before, after: session.id };
    return response;
  }, options);
}
