import { holdFor, KeyNames } from "../world/held_store.ts";
import type {
  Facade,
  Promises,
  Running,
  Subject,
  Surroundings,
} from "../world/subject.ts";

/** What is looked for in each of them: what a session store is for. */
export const promises: Promises = {
  keeps: "all",
  ends: "all",
  refusesOld: true,
  hasLists: false,
};

/** A back end of texts by keys whose calls are held, as Redis would be. */
export interface HeldMap {
  get(key: string): Promise<string | null>;
  set(key: string, text: string): Promise<void>;
  delete(key: string): Promise<void>;
}

/** A peer whose sessions are in such a back end. */
export function peerIn(
  name: string,
  cookie: string,
  start: (map: HeldMap) => Running["handle"],
): Subject {
  return {
    name,
    cookie,
    promises,
    begin(around: Surroundings) {
      const texts = new Map<string, string>();
      const names = new KeyNames();
      return Promise.resolve({
        start(process: string): Running {
          const hold = holdFor(process, "store", around);
          const call = <Answer>(op: string, key: string, work: () => Answer) =>
            hold(op, names.nameOf(key), () => Promise.resolve(work()));
          return {
            handle: start({
              get: (key) => call("get", key, () => texts.get(key) ?? null),
              set: (key, text) =>
                call("set", key, () => void texts.set(key, text)),
              delete: (key) =>
                call("delete", key, () => void texts.delete(key)),
            }),
          };
        },
        // Each of them makes a record for a visitor who only looks.
        records: () => Promise.resolve(undefined),
      });
    },
  };
}

/** A session as an object of values, one of which is the user. */
export interface Values {
  [key: string]: unknown;
  user?: string;
}

/** What a handler has in hand, by a session's values and what changes it. */
export function facadeOf(
  session: {
    readonly id: string;
    readonly isNew: boolean;
    read(): Values;
    write(key: string, value: unknown): void;
    remove(key: string): void;
    renew(): unknown;
    end(): unknown;
  },
): Facade {
  return {
    get id() {
      return session.id;
    },
    isNew: session.isNew,
    get user() {
      return session.read().user;
    },
    values: () => ({ ...session.read() }),
    set: (key, value) => session.write(key, value),
    update: (key, change) => session.write(key, change(session.read()[key])),
    remove: (key) => session.remove(key),
    clear() {
      for (const key of Object.keys(session.read())) session.remove(key);
    },
    async login(user) {
      const { user: before } = session.read();
      await session.renew();
      if (before !== undefined && before !== user) this.clear();
      session.write("user", user);
    },
    regenerate: () => session.renew(),
    destroy: () => session.end(),
  };
}
