import type { SessionRecord, SessionStore } from "../../mod.ts";

/** A store whose reads are late: they do not see writes before `settle()`. */
export class LateStore implements SessionStore {
  readonly consistency = "eventual";
  readonly carry: number;
  readonly #compares: boolean;
  #settled: Map<string, SessionRecord> = new Map();
  #before: Map<string, SessionRecord> = new Map();
  readonly #written: Map<string, SessionRecord | null> = new Map();

  /**
   * @param compares Whether it looks at what it shows before it writes, as
   * `UnstorageStore` does; else the later write wins, whatever it knew.
   */
  constructor(carry: number, compares = false) {
    this.carry = carry;
    this.#compares = compares;
  }

  settle(): void {
    this.#before = new Map(this.#settled);
    for (const [key, record] of this.#written) {
      if (record) this.#settled.set(key, record);
      else this.#settled.delete(key);
    }
  }

  /** Reads come to a place that has not got what was settled last. */
  moveOn(): void {
    this.#settled = this.#before;
  }

  create(key: string, record: SessionRecord): Promise<boolean> {
    if (this.#compares && this.#settled.has(key)) return Promise.resolve(false);
    this.#written.set(key, record);
    return Promise.resolve(true);
  }

  get(key: string): Promise<SessionRecord | null> {
    return Promise.resolve(this.#settled.get(key) ?? null);
  }

  update(
    key: string,
    record: SessionRecord,
    revision: number,
  ): Promise<"ok" | "conflict" | "gone"> {
    const shown = this.#settled.get(key);
    if (this.#compares && shown?.revision !== revision) {
      return Promise.resolve(shown ? "conflict" : "gone");
    }
    this.#written.set(key, record);
    return Promise.resolve("ok");
  }

  delete(key: string): Promise<void> {
    this.#written.set(key, null);
    return Promise.resolve();
  }
}
