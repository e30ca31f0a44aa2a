import type { Scheduler } from "./scheduler.ts";
import type { Time } from "./time.ts";

/** What a handler has of its session, whichever library made it. */
export interface Facade {
  /** A name by which it can be told from others; it opens nothing. */
  readonly id: string;
  readonly isNew: boolean;
  readonly user: string | undefined;
  values(): Record<string, unknown>;
  set(key: string, value: unknown): void;
  update(key: string, change: (value: unknown) => unknown): void;
  remove(key: string): void;
  clear(): void;
  flash?(key: string, value: unknown): void;
  flashes?(key: string): readonly unknown[];
  login(user: string): unknown;
  regenerate(): unknown;
  destroy(): unknown;
  reset?(): unknown;
  save?(): Promise<unknown>;
  reload?(): Promise<unknown>;
}

/** The library in one process. */
export interface Running {
  handle(
    request: Request,
    work: (session: Facade) => Promise<void>,
  ): Promise<Response>;
  /** A session without a response: a socket's. */
  open?(request: Request): Promise<Facade>;
  revokeAll?(user: string, except?: Facade): Promise<unknown>;
  revoke?(user: string, id: string): Promise<unknown>;
}

/** What a run gives to a library. */
export interface Surroundings {
  readonly scheduler: Scheduler;
  readonly time: Time;
  readonly renewAfter: number | undefined;
  readonly faults: ReadonlySet<string>;
  /** Whether another fault may happen; says that one has. */
  mayFail(): boolean;
  fail(kind: string): void;
  isDead(process: string): boolean;
  tell(event: string): void;
}

/** A library in a back end, for one run. */
export interface Instance {
  /** A new process of it. */
  start(process: string): Running;
  /** How many records the back end has; `undefined` if nobody can say. */
  records(): Promise<number | undefined>;
  /** What its back end holds, to begin another run with. */
  content?(): unknown;
  close?(): Promise<void>;
}

/** A library that is looked at. */
export interface Subject {
  readonly name: string;
  /** The name of its cookie. */
  readonly cookie: string;
  readonly promises: Promises;
  /** @param content What a back end held when the first requests were over. */
  begin(around: Surroundings, content?: unknown): Promise<Instance>;
  close?(): Promise<void>;
}

/** What is promised, so that it is looked for. */
export interface Promises {
  /**
   * Which acknowledged writes are there: all; all that no other request met; or
   * none that anything met.
   */
  readonly keeps: "all" | "unmet";
  /**
   * Which ends hold for copies of the cookie, too: all, those of all sessions of
   * a user, or none.
   */
  readonly ends: "all" | "revoked" | "jar";
  /** Whether `login()` and `regenerate()` end earlier cookies. */
  readonly refusesOld: boolean;
  /** Whether a user's sessions can be listed, and ended. */
  readonly hasLists: boolean;
}
