import type { SessionRecord, SessionStore } from "../../mod.ts";

/** A store whose reads are late: they do not see writes before `settle()`. */
export class LateStore implements SessionStore {
  readonly consistency = "eventual";
  readonly carry: number;
  #settled: Map<string, SessionRecord> = new Map();
  #before: Map<string, SessionRecord> = new Map();
  readonly #written: Map<string, SessionRecord> = new Map();

  constructor(carry: number) {
    this.carry = carry;
  }

  settle(): void {
    this.#before = new Map(this.#settled);
    for (const [key, record] of this.#written) this.#settled.set(key, record);
  }

  /** Reads come to a place that has not got what was settled last. */
  moveOn(): void {
    this.#settled = this.#before;
  }

  create(key: string, record: SessionRecord): Promise<boolean> {
    this.#written.set(key, record);
    return Promise.resolve(true);
  }

  get(key: string): Promise<SessionRecord | null> {
    return Promise.resolve(this.#settled.get(key) ?? null);
  }

  update(key: string, record: SessionRecord): Promise<"ok"> {
    this.#written.set(key, record);
    return Promise.resolve("ok");
  }

  delete(key: string): Promise<void> {
    this.#written.delete(key);
    return Promise.resolve();
  }
}
