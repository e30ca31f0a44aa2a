import {
  checkArgument,
  checkSeconds,
  kindOf,
  readOn,
} from "../options/check.ts";
import { cannotKeep, put, readable, storable } from "./values.ts";
import {
  isReserved,
  LABEL,
  NOTICES,
  OWNER,
  PERSIST,
  wipe,
} from "./own_keys.ts";
import { isSame, type Values } from "./codec.ts";
import { decidingPartsFor, partsFor } from "../on_demand.ts";
import type { AnyData, Session } from "./session.ts";
import { type Batch, expiresAt, idOf, isNew, type State } from "./state.ts";
import { beginAfter, beginAnew, timesFrom } from "./begin.ts";
import {
  checkCookie,
  checkOpen,
  noteLooked,
  openBatch,
} from "./write_rules.ts";
import { unawaited } from "../unawaited.ts";
import { isUnseen } from "../http/request.ts";

/** Returns the state of a session, which only the core can reach. */
export let stateOf: (session: LiveSession) => State;

/**
 * Implements {@linkcode Session} for a handler. The state is private, so that
 * neither a program nor a log can reach what is in it, not even by the class.
 */
export class LiveSession implements Session {
  #state: State;

  constructor(state: State) {
    this.#state = state;
    // Not in a static block, which bundlers keep where nobody uses the class.
    stateOf ??= (session) => session.#state;
    // Frozen, or `session.cart = …` would be lost without an error.
    Object.freeze(this);
  }

  get id(): string {
    return idOf(this.#look());
  }

  get isNew(): boolean {
    return isNew(this.#look());
  }

  get userId(): string | undefined {
    return this.#find(OWNER) as string || undefined;
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
    if (isReserved(key)) cannotKeep(key);
    this.#change(key, () => value);
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  delete(key: string): void {
    this.set(key, undefined);
  }

  clear(): void {
    this.#checkWritable();
    const { values, held } = this.#state;
    this.#state.shown = undefined;
    // Other requests may have added to a record since it was read.
    if (wipe({ ...values }) || held) {
      openBatch(this.#state).changes.push(wipe);
      wipe(values);
    }
  }

  keys<Key extends string>(): Key[] {
    const { values, shown } = this.#look();
    const all = { ...values, ...shown };
    return Object.keys(all)
      .filter((key): key is Key => !isReserved(key) && all[key] !== undefined);
  }

  toJSON(): AnyData {
    return Object.fromEntries(this.keys().map((key) => [key, this.get(key)]));
  }

  update<Value>(
    key: string,
    change: (value: Value | undefined) => Value,
  ): Value {
    const { codec } = this.#state.visit.settings;
    if (isReserved(key)) cannotKeep(key);
    this.#change(key, (value) => {
      // Copy the value: it may be frozen, and other readers have it, too.
      const copy = value && codec.parse(codec.stringify(value));
      const made = change(copy as Value);
      // A value that was changed but not returned would be lost.
      if (made === undefined) cannotKeep(`${key}: update() has to return it`);
      return made;
    });
    return this.get(key) as Value;
  }

  take(key: string): unknown {
    const value = this.get(key);
    this.delete(key);
    return value;
  }

  flash(key: string, value: unknown): void {
    const { codec } = this.#state.visit.settings;
    // Check it here, so that an error names the key that the program knows.
    const notice = storable(codec, key, value);
    this.#change(
      NOTICES + key,
      (notices) => [...(notices ?? []) as unknown[], notice],
    );
  }

  flashes<Value>(key: string): readonly Value[] {
    const read = this.#find(NOTICES + key) as Value[] | undefined ?? [];
    const { codec } = this.#state.visit.settings;
    const texts = read.map((notice) => codec.stringify(notice));
    // On newer data, remove only what was read here: another request may have
    // removed some of it already, and may have added other notices. What is
    // left is in the same order.
    if (read.length && !this.#isUnseen()) {
      this.#change(NOTICES + key, (notices) => {
        let next = 0;
        const others = ((notices ?? []) as unknown[]).filter((notice) => {
          const found = texts.indexOf(codec.stringify(notice), next) + 1;
          next = found || next;
          return !found;
        });
        return others.length ? others : undefined;
      });
    }
    return read;
  }

  regenerate(): void {
    this.#askForNewCookie();
  }

  login(userId: string, options?: { label?: string | undefined }): void {
    if (typeof userId !== "string" || !userId) {
      throw new TypeError("Argument userId must be text, and not empty");
    }
    const { visit, content } = this.#state;
    const { store, codec } = visit.settings;
    // A login begins anew if the session is gone or could not be read.
    if (/^(gone|store-failed)$/.test(visit.phase)) beginAnew(this.#state);
    checkOpen(this.#state);
    checkCookie(this.#state);
    const { values } = this.#state;
    // A record with anything else but text is refused.
    const label = store && options?.label && `${options.label}`;
    const owner = this.userId;
    if (owner && owner !== userId) {
      wipe(values);
      this.#state.shown = undefined;
      // Drop the unsaved changes: they are of the earlier user.
      (this.#state.dropped ??= []).push(...this.#state.batches);
      this.#state.batches = [];
    }
    const own = (values: Values) => {
      put(values, OWNER, storable(codec, OWNER, userId));
      put(values, LABEL, label || undefined);
    };
    const batch = this.#askForNewCookie();
    batch.user = userId;
    batch.changes.push(own);
    own(values);
    Object.assign(content, timesFrom(visit));
  }

  destroy(): void {
    const { visit } = this.#state;
    // A session that has ended, or cannot be read, can still be ended.
    if (/^(late|left)/.test(visit.phase)) checkOpen(this.#state);
    this.#look();
    if (!visit.settings.store) checkCookie(this.#state);
    visit.phase = "destroyed";
    this.#state.isEndAsked = true;
    this.#state.values = {};
    this.#state.shown = undefined;
    visit.onChange?.();
  }

  reset(): void {
    this.destroy();
    this.#state = beginAfter(this.#state);
  }

  persist(choice: boolean | number): void {
    this.#checkWritable(true);
    const { persistent, absoluteTimeout } = this.#state.visit.settings;
    if (typeof choice !== "boolean") {
      checkArgument("choice", "number", choice, "true, false or a number");
      checkSeconds("persist()", choice, absoluteTimeout);
    }
    if (choice !== (this.#state.values[PERSIST] ?? persistent)) {
      checkCookie(this.#state);
      this.#change(PERSIST, () => choice);
      this.#state.isCookieDue = true;
    }
  }

  save(): Promise<void> {
    return unawaited(this.#save());
  }

  async #save(): Promise<void> {
    const { visit } = this.#state;
    // What is asked for before the response leaves is in time, although it may
    // leave while the parts are loaded.
    if (!visit.settings.store && visit.phase !== "destroyed") {
      checkOpen(this.#state);
    }
    const { writing, checks, engine } = await partsFor(visit);
    if (isNew(this.#state)) writing.checkWithheld(this.#state);
    if (engine) return await engine.saveNow(this.#state);
    if (visit.phase === "destroyed") return;
    await writing.trySeal(this.#state, visit.settings.now(), { checks });
    await checks?.showFitted(this.#state);
  }

  reload(): Promise<void> {
    return unawaited(this.#reload());
  }

  async #reload(): Promise<void> {
    checkOpen(this.#state, false);
    const { checks, engine } = await decidingPartsFor(this.#state.visit);
    await checks?.reloadChecked(this.#state, engine);
  }

  #look(): State {
    return noteLooked(this.#state);
  }

  #isUnseen(): boolean {
    const { headers, request } = this.#state.visit;
    return isUnseen(headers, request?.method);
  }

  /** Refuses a write; if the session is gone, only what would change it. */
  #checkWritable(needsCookie = false): void {
    if (!this.#state.visit.isGone) checkOpen(this.#state, needsCookie);
  }

  #find(key: string): unknown {
    const { values, shown = {}, visit } = this.#look();
    if (Object.hasOwn(shown, key)) return shown[key];
    return readable(visit.settings.codec, key, values);
  }

  /** Asks for a new generation or, where there are none, for a new id. */
  #askForNewCookie(): Batch {
    checkOpen(this.#state);
    checkCookie(this.#state);
    const { content, visit } = this.#state;
    const { store } = visit.settings;
    const batch = openBatch(this.#state);
    batch.isRegenerated = this.#state.isCookieDue = true;
    // A store that was not made yet has no record of the session.
    const known = visit.store ?? store;
    if (typeof known !== "function" && known?.consistency !== "strong") {
      this.#state.left ??= content.sid;
      delete content.sid;
    }
    return batch;
  }

  /** Changes a value, now and again on newer data. */
  #change(key: string, change: (value: unknown) => unknown): void {
    this.#checkWritable();
    const { values, shown, visit: { settings: { codec } } } = this.#state;
    const makeChanged = (value: unknown) => {
      const changed = change(value);
      return changed === undefined ? changed : storable(codec, key, changed);
    };
    const old = readable(codec, key, values);
    const kept = makeChanged(old);
    // A value with the same text is no change, and needs no cookie.
    if (isSame(codec, kept, old)) return;
    checkOpen(this.#state, false);
    openBatch(this.#state).changes.push((values) =>
      put(values, key, makeChanged(readable(codec, key, values)))
    );
    put(values, key, kept);
    delete shown?.[key];
  }
}

/**
 * Refuses what is no session, or one of another copy of the library.
 *
 * @throws {TypeError} That names the argument.
 */
export function checkLive(name: string, given: unknown): void {
  if (given instanceof LiveSession) return;
  const isOther = "flashes" in Object(given);
  throw new TypeError(
    `Argument ${name} must be a session${
      isOther ? " of this copy of the package" : ""
    }: it is ${kindOf(given)}${readOn(isOther ? "two-copies" : "argument")}`,
  );
}
