// Two sessions on one page: that of with-session, and one where the last write
// wins. Each button sends one request, which does the same to both.

import { type Session, type SessionOptions, withSession } from "../mod.ts";
import { type Board, Boards, type Row } from "./board.ts";
import { currentContext } from "./context.ts";
import {
  naiveCookie,
  type NaiveData,
  naiveIdOf,
  NaiveStore,
} from "./naive_session.ts";

/** What our session holds, beside its user. */
interface RaceData {
  stars: number;
}

/** How a session is now. */
export interface Side {
  readonly user: string | undefined;
  readonly stars: number;
}

/** What the page shows. */
export interface Shown {
  readonly board: Board;
  readonly ours: Side;
  readonly theirs: Side;
  readonly session: Session<RaceData>;
}

/** What belongs to the visitor of one request. */
interface Desk {
  readonly id: string;
  readonly board: Board;
  /** The other session, as it was read when the request began. */
  readonly data: NaiveData;
  row?: Row;
}

type Act = (session: Session<RaceData>, desk: Desk) => Promise<void> | void;

/** The pages below `/race` that have a session. */
export interface Race {
  answer(request: Request): Promise<Response>;
  /** The board of a visitor. */
  boardOf(request: Request): Board;
}

/** Makes a race whose own session is kept as `options` say. */
export function createRace(
  options: SessionOptions,
  show: (shown: Shown, request: Request) => Response,
): Race {
  const boards = new Boards();
  const naive = new NaiveStore();

  const acts: Record<string, Act> = {
    "/race/start"(session, { id, board }) {
      board.begin();
      session.clear();
      session.login("Ada");
      session.set("stars", 0);
      naive.save(id, { user: "Ada", stars: 0 });
    },
    "/race/star": (session, desk) => give(session, desk, "A star"),
    "/race/slow": (session, desk) =>
      give(session, desk, "A slow star", () => desk.board.hold()),
    "/race/release": (_session, { board }) => board.release(),
    "/race/sign-out"(session, { id, board }) {
      if (session.userId) session.reset();
      // So that there is a cookie, and the log goes on.
      session.set("stars", 0);
      naive.destroy(id);
      board.hasSignedOut = true;
      board.add({ what: "Sign-out", ours: "signed out", theirs: "signed out" });
    },
  };

  /** One more star in each session, in which somebody is signed in. */
  async function give(
    session: Session<RaceData>,
    desk: Desk,
    what: string,
    wait?: () => Promise<void>,
  ): Promise<void> {
    const { id, board, data } = desk;
    // What a program does first: it reads, and looks who is there.
    const isOurs = session.userId !== undefined;
    const isTheirs = data.user !== undefined;
    const row = desk.row = board.add({
      what,
      ours: isOurs ? `read ${session.get("stars") ?? 0}` : "nobody is there",
      theirs: isTheirs ? `read ${data.stars ?? 0}` : "nobody is there",
    });
    if (!isOurs && !isTheirs) return;
    const { round } = board;
    await wait?.();
    // Somebody has begun another race.
    if (board.round !== round) return;

    if (isTheirs) {
      const stars = (data.stars ?? 0) + 1;
      row.theirs += `, wrote ${stars}`;
      naive.save(id, { ...data, stars });
    }
    if (isTheirs) board.given.theirs++;
    if (!isOurs) return;
    board.given.ours++;
    session.update("stars", (stars = 0) => stars + 1);
    // It shows what was kept then: with the stars of others, too.
    await session.save();
    row.ours += `, wrote ${session.get("stars")}`;
  }

  const handler = withSession<RaceData, [Desk]>(
    async (request, session, desk) => {
      const before = session.id;
      const { pathname } = new URL(request.url);
      const act = request.method === "POST" ? acts[pathname] : undefined;
      if (request.method === "POST" && !act) return notFound();
      await act?.(session, desk);
      const context = currentContext();
      if (context) context.ids = { before, after: session.id };
      if (act) return goBack();
      const { userId: user } = session;
      const { user: theirUser, stars = 0 } = naive.load(desk.id);
      return show({
        board: desk.board,
        ours: { user, stars: session.get("stars") ?? 0 },
        theirs: { user: theirUser, stars },
        session,
      }, request);
    },
    options,
  );

  async function answer(request: Request): Promise<Response> {
    const known = naiveIdOf(request);
    const id = known ?? crypto.randomUUID();
    const desk: Desk = { id, board: boards.of(id), data: naive.load(id) };
    let response;
    try {
      response = await handler(request, desk);
    } catch (error) {
      // What comes too late is an error, and no silent loss.
      if ((error as { code?: string }).code !== "gone" || !desk.row) {
        throw error;
      }
      // In a cookie, it was written, and only then refused.
      const [read] = desk.row.ours.split(",");
      desk.row.ours = `${read}, refused: the session has ended`;
      desk.board.refused++;
      response = goBack();
    }
    if (known) return response;
    const { status } = response;
    const headers = new Headers(response.headers);
    headers.append("set-cookie", naiveCookie(id));
    headers.set("cache-control", "no-store");
    return new Response(response.body, { status, headers });
  }

  return {
    answer,
    boardOf: (request) => boards.of(naiveIdOf(request) ?? ""),
  };
}

function notFound(): Response {
  return new Response("Not found\n", { status: 404 });
}

function goBack(): Response {
  return new Response(null, { status: 303, headers: { location: "/race" } });
}
