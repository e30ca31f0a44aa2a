import type { SessionRecord, SessionStore } from "../mod.ts";

/** A store whose reads are late: they do not see writes before `settle()`. */
export class LateStore implements SessionStore {
  readonly consistency = "eventual";
  readonly carry: number;
  readonly #settled: Map<string, SessionRecord> = new Map();
  readonly #written: Map<string, SessionRecord> = new Map();

  constructor(carry: number) {
    this.carry = carry;
  }

  settle(): void {
    for (const [key, record] of this.#written) this.#settled.set(key, record);
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
