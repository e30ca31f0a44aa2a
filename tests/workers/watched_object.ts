import {
  SessionObject,
  type SessionObjectState,
  type SessionObjectStorage,
} from "../../stores/durable-object.ts";

/** What an object keeps. */
export interface Kept {
  /** By key. */
  readonly values: Readonly<Record<string, unknown>>;
  /** When its alarm goes off. */
  readonly alarm: number | null;
  /** In bytes. */
  readonly size: number;
}

type Storage = SessionObjectStorage & {
  readonly sql: { databaseSize: number };
};

/** A `SessionObject` that can be looked into. */
export class WatchedObject extends SessionObject {
  readonly #storage: Storage;

  constructor(state: SessionObjectState, env: unknown) {
    super(state, env);
    this.#storage = state.storage as Storage;
  }

  /** Lets the alarm go off, which nobody can call from outside. */
  ring(): Promise<void> {
    return this.alarm();
  }

  async look(): Promise<Kept> {
    return {
      values: Object.fromEntries(this.#storage.kv.list({ limit: 1_000 })),
      alarm: await this.#storage.getAlarm(),
      size: this.#storage.sql.databaseSize,
    };
  }
}
