import type {
  Session,
  SessionOptions,
  Sessions,
  SessionStore,
} from "../../../mod.ts";
import { heldStore, KeyNames } from "../world/held_store.ts";
import type {
  Facade,
  Instance,
  Promises,
  Running,
  Subject,
  Surroundings,
} from "../world/subject.ts";
import type { Core, Library } from "./library.ts";

/** A back end for one run. */
export interface OpenedStore {
  /** The store as each process has it. */
  open(): SessionStore;
  /** What it holds, for another run to begin with. */
  content?(): unknown;
  close?(): Promise<void>;
}

/** Sessions in a kind of store, or in none. */
export interface Kind {
  readonly name: string;
  readonly promises: Promises;
  readonly hasRevocations?: boolean;
  /** Without it, sessions are in cookies. */
  openStore?(now: () => number, content?: unknown): Promise<OpenedStore>;
  stop?(): Promise<void>;
}

/** Enough for a secret, and the same in each process. */
const SECRET = "f3kQ8vT2mX9zLfHgDaKsOqRwkV0Jr0yPp6Yt4i3sQ8uW2cE5nB7";

/** with-session as a subject. */
export async function withSessionIn(
  library: Library,
  kind: Kind,
): Promise<Subject> {
  // Processes in cookies share nothing but what they are sent; those in a store
  // know each other's sessions by the store only.
  const cores: Core[] = [];
  for (let i = 0; i < (kind.openStore ? 1 : 5); i++) {
    cores.push(await library.core(i));
  }
  const { MemoryStore } = await library.store<
    typeof import("../../../stores/memory.ts")
  >("stores/memory.ts");
  return {
    name: kind.name,
    cookie: "__Host-sid",
    promises: kind.promises,
    async begin(around, content) {
      const now = () => around.time.wall;
      const names = new KeyNames(content instanceof Map ? content.keys() : []);
      const opened = await kind.openStore?.(now, content);
      const revocations = kind.hasRevocations
        ? new MemoryStore({ now })
        : undefined;
      let started = 0;
      return {
        start(process) {
          const core = cores[started++ % cores.length] as Core;
          return startWith(core, {
            secret: SECRET,
            now: () => around.time.wall,
            onEvent: ({ type }) => around.tell(type),
            ...around.renewAfter && opened && { renewAfter: around.renewAfter },
            ...opened && {
              store: heldStore(opened.open(), process, "store", names, around),
            },
            ...revocations && {
              revocations: heldStore(
                revocations,
                process,
                "revocations",
                names,
                around,
              ),
            },
          });
        },
        records: async () =>
          kind.promises.keeps === "all"
            ? await opened?.open().count?.()
            : undefined,
        ...opened?.content && { content: () => opened.content?.() },
        ...opened?.close && { close: () => opened.close?.() as Promise<void> },
      } satisfies Instance;
    },
    ...kind.stop && { close: () => kind.stop?.() as Promise<void> },
  };
}

function startWith(
  { createSessions, withSession }: Core,
  options: Omit<SessionOptions, "lazy">,
): Running {
  let made: Sessions | undefined;
  const sessions = () => made ??= createSessions(options);
  const inner = new WeakMap<Facade, Session>();
  const facadeFor = (session: Session) => {
    const facade = facadeOf(session);
    inner.set(facade, session);
    return facade;
  };
  const handlers = new WeakMap<Request, (session: Facade) => Promise<void>>();
  const fetch = withSession(async (request: Request, session: Session) => {
    await handlers.get(request)?.(facadeFor(session));
    return new Response("");
  }, options);
  return {
    handle(request, work) {
      handlers.set(request, work);
      return fetch(request);
    },
    open: async (request) => facadeFor(await sessions().open(request)),
    revokeAll: (user, except) =>
      sessions().revokeAll(user, { except: except && inner.get(except) }),
    revoke: (user, id) => sessions().revoke(user, id),
  };
}

function facadeOf(session: Session): Facade {
  return {
    get id() {
      return session.id;
    },
    get isNew() {
      return session.isNew;
    },
    get user() {
      return session.userId;
    },
    values: () => session.toJSON(),
    set: (key, value) => session.set(key, value),
    update: (key, change) =>
      void session.update(key, change as (value: unknown) => object),
    remove: (key) => session.delete(key),
    clear: () => session.clear(),
    flash: (key, value) => session.flash(key, value),
    flashes: (key) => session.flashes(key),
    login: (user) => session.login(user),
    regenerate: () => session.regenerate(),
    destroy: () => session.destroy(),
    save: () => session.save(),
    // Earlier versions have neither.
    ...session.reset && { reset: () => session.reset() },
    ...session.reload && { reload: () => session.reload() },
  };
}

export type { Surroundings };
