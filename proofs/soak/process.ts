// One of the processes that serve visitors. Its parent asks it for figures, and
// moves its clock.

import { randomBytes } from "node:crypto";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import type { Session, SessionEvent, Sessions } from "../../mod.ts";
import { nodeServers } from "../../tests/project/node_servers.ts";
import { open, STORE_TIMEOUT, type StoreName } from "./clients.ts";
import type { Kind, Seen } from "./history.ts";

/** What it is started with. */
export interface Settings {
  readonly root: string;
  readonly store: StoreName;
  readonly port: number;
  readonly secret: string;
  readonly offset: number;
}

/** What it is asked. */
export type Question =
  | { readonly clock: number }
  | { readonly ask: "figures" | "close" };

/** What it says of itself. */
export interface Figures {
  /** Bytes in use, after everything unused was removed. */
  readonly heap: number;
  /** What keeps the process from ending. */
  readonly resources: readonly string[];
  /** How often each event came. */
  readonly events: Readonly<Record<string, number>>;
}

/** What it says when visitors may come. */
export interface Ready {
  readonly port: number;
  /** What it had before it opened its store. */
  readonly resources: readonly string[];
}

const LOAD = 3000;

interface Data {
  log: string[];
  count: number;
  load: string;
}

const settings: Settings = JSON.parse(process.argv[2] ?? "");
let offset = settings.offset;
const now = () => Date.now() + offset;
const events: Record<string, number> = {};
const root = new URL(settings.root);

const { createSessions, withSession }: typeof import("../../mod.ts") =
  await import(new URL("mod.ts", root).href);
process.on("message", reply);
process.on("disconnect", () => process.exit());
const resources = process.getActiveResourcesInfo();
const opened = await open({ root }, settings.store, settings.port, now);
const options = {
  secret: settings.secret,
  store: opened.store,
  storeTimeout: STORE_TIMEOUT,
  cookie: { secure: true },
  renewAfter: 60,
  now,
  onEvent({ type }: SessionEvent) {
    events[type] = (events[type] ?? 0) + 1;
  },
};
const sessions: Sessions<Data> = createSessions<Data>(options);
const handle = withSession<Data, []>(answer, options);

async function answer(
  request: Request,
  session: Session<Data>,
): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  const kind = pathname.slice(1) as Kind;
  const mark = searchParams.get("mark") ?? "";
  const user = searchParams.get("user") ?? "";
  const hold = Number(searchParams.get("hold"));
  if (hold) await sleep(hold);
  const ended = session.isNew ? undefined : session.id;
  const write = async (more: Partial<Seen> = {}) => {
    session.update("log", (log = []) => [...log, mark]);
    session.update("count", (count = 0) => count + 1);
    await session.save();
    return Response.json({ ...seen(session), ...more });
  };
  switch (kind) {
    case "read":
      return Response.json(seen(session));
    case "append": {
      session.update("log", (log = []) => [...log, mark]);
      session.update("count", (count = 0) => count + 1);
      const { id, first, user } = seen(session);
      return Response.json({ id, first, user });
    }
    case "save":
      // Other bytes each time, so that a full disk has no room for them.
      session.set("load", randomBytes(LOAD).toString("base64"));
      return await write();
    case "slow":
      return await write();
    case "login":
    case "switch":
      session.login(user, { label: `browser of ${mark}` });
      return await write();
    case "regenerate":
      session.regenerate();
      return await write();
    case "flash":
      session.flash("notice", mark);
      return await write();
    case "flashes": {
      const notices = session.flashes<string>("notice");
      return await write({ notices });
    }
    case "logout":
      session.destroy();
      return Response.json({ id: ended ?? session.id, ended });
    case "reset":
      session.reset();
      return await write({ ended });
    case "revokeAll": {
      const except = searchParams.has("except") ? session : undefined;
      await sessions.revokeAll(user, { except });
      return Response.json({ id: session.id });
    }
    case "list": {
      const ids = (await sessions.list(user)).map(({ id }) => id);
      return Response.json({ id: session.id, ids });
    }
  }
}

function seen(session: Session<Data>): Seen {
  const log = session.get("log") ?? [];
  return {
    id: session.id,
    first: log[0],
    user: session.userId,
    log,
    count: session.get("count") ?? 0,
  };
}

async function serve(request: Request): Promise<Response> {
  try {
    return await handle(request);
  } catch (error) {
    const { code, message } = Object(error);
    return Response.json({ code, message }, { status: 503 });
  }
}

function figures(): Figures {
  globalThis.gc?.();
  return {
    heap: process.memoryUsage().heapUsed,
    resources: process.getActiveResourcesInfo().toSorted(),
    events,
  };
}

/** Servers say goodbye in their own time. */
async function untilBack(): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    await sleep(100);
    const { length } = process.getActiveResourcesInfo();
    if (length <= resources.length) return;
  }
}

async function reply(question: Question): Promise<void> {
  if ("clock" in question) offset = question.clock;
  else if (question.ask === "figures") process.send?.(figures());
  else {
    await server.stop();
    await opened.close();
    await untilBack();
    process.send?.(figures());
  }
}

const server = await nodeServers["@hono/node-server"](serve, "http");
const ready: Ready = { port: server.port, resources };
process.send?.(ready);
