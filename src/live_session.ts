import { checkSeconds } from "./check.ts";
import {
  cannotKeep,
  isReserved,
  isSame,
  keep,
  LABEL,
  NOTICES,
  OWNER,
  PERSIST,
  readable,
} from "./data.ts";
import { engineOf } from "./storing.ts";
import { seal } from "./sealing.ts";
import type { AnyData, Session } from "./session.ts";
import {
  checkOpen,
  expiresAt,
  idOf,
  isNew,
  start,
  type State,
} from "./state.ts";

/**
 * {@linkcode Session}, as a handler sees it. Its state is private, so that
 * neither a program nor a log can reach its parts.
 */
export class LiveSession implements Session {
  readonly #state: State;

  constructor(state: State) {
    this.#state = state;
  }

  /** The state of a session that came from here. */
  static stateOf(session: LiveSession): State {
    return session.#state;
  }

  get id(): string {
    return idOf(this.#look());
  }

  get isNew(): boolean {
    return isNew(this.#look());
  }

  get userId(): string | undefined {
    return this.#find(OWNER) as string | undefined;
  }

  get createdAt(): number {
    return this.#look().content.created * 1000;
  }

  get expiresAt(): number {
    return expiresAt(this.#look()) * 1000;
  }

  get(key: string): unknown {
    return isReserved(key) ? undefined : this.#find(key);
  }

  set(key: string, value: unknown): void {
    this.update(key, () => value);
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  delete(key: string): void {
    this.set(key, undefined);
  }

  clear(): void {
    checkOpen(this.#state);
    for (const key of Object.keys(this.#state.values)) {
      if (!isReserved(key) || key.startsWith(NOTICES)) this.#put(key);
    }
  }

  keys(): string[] {
    return Object.keys(this.#look().values).filter((key) => !isReserved(key));
  }

  toJSON(): AnyData {
    return Object.fromEntries(this.keys().map((key) => [key, this.get(key)]));
  }

  update<Value>(
    key: string,
    change: (value: Value | undefined) => Value,
  ): Value {
    if (isReserved(key)) cannotKeep(key);
    this.#change(key, change as (value: unknown) => unknown);
    return this.get(key) as Value;
  }

  take(key: string): unknown {
    const value = this.get(key);
    this.delete(key);
    return value;
  }

  flash(key: string, value: unknown): void {
    this.#change(
      NOTICES + key,
      (notices) => [...(notices ?? []) as unknown[], value],
    );
  }

  flashes<Value>(key: string): readonly Value[] {
    const read = this.#find(NOTICES + key) as Value[] | undefined ?? [];
    const { codec } = this.#state.visit.settings;
    const texts = read.map((notice) => codec.stringify(notice));
    // On newer data: what another request has read is no longer there, and what
    // it has added was not read.
    if (read.length) {
      this.#change(NOTICES + key, (notices) => {
        const others = ((notices ?? []) as unknown[])
          .filter((notice, i) => codec.stringify(notice) !== texts[i]);
        return others.length ? others : undefined;
      });
    }
    return read;
  }

  regenerate(): void {
    checkOpen(this.#state);
    this.#state.isChanged = this.#state.isCookieDue = true;
    delete this.#state.content.sid;
  }

  login(userId: string, options?: { label?: string | undefined }): void {
    if (typeof userId !== "string" || !userId) {
      throw new TypeError("userId must be text");
    }
    this.regenerate();
    const owner = this.userId;
    if (owner && owner !== userId) this.clear();
    this.#put(OWNER, userId);
    if (this.#state.visit.settings.store) this.#put(LABEL, options?.label);
    this.#state.isLogin = true;
    Object.assign(this.#state.content, start(this.#state.visit));
  }

  destroy(): void {
    const { visit } = this.#state;
    if (visit.phase !== "destroyed") checkOpen(this.#state);
    visit.phase = "destroyed";
    this.#state.values = {};
  }

  persist(choice: boolean | number): void {
    checkOpen(this.#state);
    const { persistent, absoluteTimeout } = this.#state.visit.settings;
    if (typeof choice !== "boolean") {
      checkSeconds("persist", choice, absoluteTimeout);
    }
    if (choice !== (this.#state.values[PERSIST] ?? persistent)) {
      this.#state.isCookieDue = true;
      this.#put(PERSIST, choice);
    }
  }

  async save(): Promise<void> {
    const { visit } = this.#state;
    const engine = await engineOf(visit.settings);
    if (engine) return engine.saveNow(this.#state);
    if (visit.phase === "destroyed") return;
    checkOpen(this.#state);
    await seal(this.#state, visit.settings.now());
  }

  #look(): State {
    this.#state.isTouched = true;
    return this.#state;
  }

  #find(key: string): unknown {
    const { values, visit } = this.#look();
    return readable(visit.settings.codec, key, values);
  }

  /** Keeps a value or, without one, removes it. */
  #put(key: string, value?: unknown): void {
    this.#change(key, () => value);
  }

  /** Makes a new value of one, now and again on newer data. */
  #change(key: string, change: (value: unknown) => unknown): void {
    checkOpen(this.#state);
    const { values, changes, visit: { settings: { codec } } } = this.#state;
    const keepChanged: typeof change = (value) => {
      const changed = change(value);
      return changed === undefined ? changed : keep(codec, key, changed);
    };
    const old = this.#find(key);
    const kept = keepChanged(old);
    // The same text is no change, and asks for no cookie.
    if (isSame(codec, kept, old)) return;
    this.#state.isChanged = true;
    changes.push([key, keepChanged]);
    if (kept === undefined) delete values[key];
    else values[key] = kept;
  }
}
