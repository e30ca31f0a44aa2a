import { encodeBase64url } from "./base64url.ts";
import { checkSeconds } from "./check.ts";
import { LONGEST_COOKIE, writeCookie } from "./cookie.ts";
import {
  freeze,
  isReserved,
  keep,
  NOTICES,
  OWNER,
  PERSIST,
  publicValues,
  readValues,
  type Values,
} from "./data.ts";
import { SessionError } from "./errors.ts";
import type { RejectReason, SessionEvent } from "./events.ts";
import { finish } from "./response.ts";
import { fit, issuePaths } from "./schema.ts";
import { keyIdOf, open, seal, type Sealed } from "./seal.ts";
import type { AnyData, Session } from "./session.ts";
import { isNavigation, type Visit } from "./visit.ts";

/** What a token holds, if there is one. */
interface Content {
  /** Times are whole seconds since 1970. */
  created: number;
  sealed: number;
  expires: number;
  /** Made when it is first needed. */
  sid?: Uint8Array<ArrayBuffer>;
  /** Of a token: whether its secret is not the newest. */
  readonly isStale?: boolean;
}

/** {@linkcode Session}, from its token to its cookie. */
export class LiveSession implements Session {
  readonly #visit: Visit;
  /** The request brought a cookie that was not good. */
  readonly #isRefused: boolean;
  #values: Values;
  #content: Content;
  /** The handler has looked at the session. */
  #isTouched = false;
  #isChanged = false;

  constructor(
    visit: Visit,
    isRefused = false,
    values: Values = {},
    content?: Content,
  ) {
    this.#visit = visit;
    this.#isRefused = isRefused;
    this.#values = values;
    this.#content = content ?? begin(visit.settings.now());
  }

  get id(): string {
    this.#isTouched = true;
    return this.#id();
  }

  get isNew(): boolean {
    this.#isTouched = true;
    return this.#content.isStale === undefined;
  }

  get userId(): string | undefined {
    return this.#find(OWNER) as string | undefined;
  }

  get createdAt(): number {
    this.#isTouched = true;
    return this.#content.created * 1000;
  }

  get expiresAt(): number {
    this.#isTouched = true;
    const { sealed, expires } = this.#content;
    return Math.min(expires, this.#end(sealed)) * 1000;
  }

  get(key: string): unknown {
    return isReserved(key) ? undefined : this.#find(key);
  }

  set(key: string, value: unknown): void {
    if (isReserved(key)) {
      throw new SessionError("invalid-data", `Cannot keep ${key}`);
    }
    this.#put(key, value);
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  delete(key: string): void {
    this.set(key, undefined);
  }

  clear(): void {
    this.#write();
    for (const key of Object.keys(this.#values)) {
      if (key !== OWNER && key !== PERSIST) this.#put(key);
    }
  }

  keys(): string[] {
    this.#isTouched = true;
    return Object.keys(publicValues(this.#values));
  }

  toJSON(): AnyData {
    return Object.fromEntries(this.keys().map((key) => [key, this.get(key)]));
  }

  update<Value>(
    key: string,
    change: (value: Value | undefined) => Value,
  ): Value {
    this.set(key, change(this.get(key) as Value | undefined));
    return this.get(key) as Value;
  }

  take(key: string): unknown {
    const value = this.get(key);
    this.delete(key);
    return value;
  }

  flash(key: string, value: unknown): void {
    const notices = this.#find(NOTICES + key) as unknown[] | undefined ?? [];
    this.#put(NOTICES + key, [...notices, value]);
  }

  flashes<Value>(key: string): readonly Value[] {
    const notices = this.#find(NOTICES + key) as Value[] | undefined ?? [];
    if (notices.length) this.#put(NOTICES + key);
    return notices;
  }

  regenerate(): void {
    this.#write();
    this.#isChanged = true;
    delete this.#content.sid;
  }

  login(userId: string, _options?: { label?: string | undefined }): void {
    if (typeof userId !== "string" || !userId) {
      throw new TypeError("userId must be text");
    }
    this.regenerate();
    const owner = this.userId;
    if (owner && owner !== userId) this.clear();
    this.#put(OWNER, userId);
    Object.assign(this.#content, begin(this.#visit.settings.now()));
  }

  destroy(): void {
    if (this.#visit.phase !== "destroyed") this.#write();
    this.#visit.phase = "destroyed";
    this.#values = {};
  }

  persist(choice: boolean | number): void {
    this.#write();
    const { persistent, absoluteTimeout } = this.#visit.settings;
    if (typeof choice !== "boolean") {
      checkSeconds("persist", choice, absoluteTimeout);
    }
    if (choice !== (this.#values[PERSIST] ?? persistent)) {
      this.#put(PERSIST, choice);
    }
  }

  async save(): Promise<void> {
    if (this.#visit.phase === "destroyed") return;
    this.#write();
    await this.#seal(this.#visit.settings.now());
  }

  #find(key: string): unknown {
    this.#isTouched = true;
    const { codec } = this.#visit.settings;
    const value = Object.hasOwn(this.#values, key)
      ? this.#values[key]
      : undefined;
    // What cannot be frozen, a Map say, is copied: no change goes unnoticed.
    return codec === JSON ? freeze(value) : value && keep(codec, key, value);
  }

  /** Keeps a value or, without one, removes it. */
  #put(key: string, value?: unknown): void {
    this.#write();
    const { codec } = this.#visit.settings;
    const kept = value === undefined ? value : keep(codec, key, value);
    const old = this.#find(key);
    // The same text is no change, and asks for no cookie.
    if (
      kept === old ||
      kept && old && codec.stringify(kept) === codec.stringify(old)
    ) return;
    this.#isChanged = true;
    if (kept === undefined) delete this.#values[key];
    else this.#values[key] = kept;
  }

  /** Refuses a write once the session or its request is over. */
  #write(): void {
    this.#isTouched = true;
    const { phase } = this.#visit;
    if (phase === "open") return;
    if (phase === "late-write") this.#tell(phase);
    throw new SessionError(phase, `Cannot write: ${phase}`);
  }

  /** 48 bits of the random id; the other 80 stay unknown. */
  #id(): string {
    const sid = this.#content.sid ??= crypto.getRandomValues(
      new Uint8Array(16),
    );
    return encodeBase64url(sid.subarray(0, 6));
  }

  #tell(type: SessionEvent["type"], more?: Partial<SessionEvent>): void {
    const { emit } = this.#visit.settings;
    emit?.({ type, id: this.#id(), ...more } as SessionEvent);
  }

  /** Its idle timeout in seconds, by its own choice or by the options. */
  #idle(): number {
    const own = this.#values[PERSIST];
    return typeof own === "number" ? own : this.#visit.settings.idleTimeout;
  }

  /** When it ends, if it was last used at a time. */
  #end(used: number): number {
    const { absoluteTimeout } = this.#visit.settings;
    const { created } = this.#content;
    return Math.min(created + absoluteTimeout, used + this.#idle());
  }

  /** The session of a token; `null` and an event if it is not good. */
  static async unseal(
    visit: Visit,
    token: string,
  ): Promise<LiveSession | null> {
    const { settings, form } = visit;
    const { codec, emit, absoluteTimeout } = settings;
    const now = settings.now();
    const reject = (reason: RejectReason) => {
      emit?.({ type: "rejected", reason, keyId: keyIdOf(token) });
      return null;
    };
    const content = await open(form.ring, token, now);
    if (typeof content === "string") return reject(content);
    const values = readValues(codec, content.text);
    const session = new LiveSession(visit, false, values ?? {}, content);
    const { created, sealed, expires } = content;
    if (Math.min(expires, session.#end(sealed)) <= now) {
      const reason = now < created + absoluteTimeout ? "idle" : "absolute";
      session.#tell("expired", { reason });
      return null;
    }
    if (!values) return reject("not-json");
    if (!await fit(settings, values)) return reject("schema");
    session.#tell("opened");
    return session;
  }

  /** Seals it as it stands, as used at this time. */
  async #seal(sealed: number): Promise<string> {
    const { settings: { schema, codec }, form, phase } = this.#visit;
    if (phase === "destroyed") this.#write();
    const values = this.#values;
    const result = await schema?.["~standard"].validate(publicValues(values));
    if (result?.issues) {
      const paths = issuePaths(result.issues);
      throw new SessionError("invalid-data", `Schema refuses ${paths}`);
    }
    this.#id();
    const expires = this.#end(sealed);
    const text = codec.stringify(values);
    const content = { ...this.#content as Sealed, sealed, expires, text };
    const token = await seal(form.ring, content);
    const bytes = token.length + form.name.length;
    if (bytes > LONGEST_COOKIE) {
      this.#tell("oversize", { bytes });
      const size = (key: string) => codec.stringify(values[key]).length;
      const largest = Object.keys(values).sort((a, b) => size(b) - size(a))
        .slice(0, 3).map((key) => `${key}: ${size(key)}`);
      throw new SessionError(
        "oversize",
        `Cookie of ${bytes} bytes, ${LONGEST_COOKIE} at most; largest keys: ${largest.join()}`,
      );
    }
    return token;
  }

  /**
   * Adds to a response what the session needs, and ends it. One that was not
   * touched returns the very same response.
   */
  static commit(session: LiveSession, response: Response): Promise<Response> {
    return session.#commit(response);
  }

  /** The value of a session's cookie, for the world outside. */
  static async seal(
    session: LiveSession,
    now: number = session.#visit.settings.now(),
  ): Promise<string> {
    const token = await session.#seal(now);
    if (session.isNew) session.#tell("created");
    if (session.#content.isStale) session.#tell("resealed");
    return token;
  }

  async #commit(response: Response): Promise<Response> {
    const { settings, form, phase } = this.#visit;
    if (phase === "late-write") this.#write();
    this.#visit.phase = "late-write";
    if (!this.#isTouched) return response;

    const isKnown = !this.isNew;
    const isOpen = phase === "open";
    const isWorthKeeping = isKnown ||
      Object.keys(this.#values).some((key) => key !== PERSIST);
    const isChanged = isOpen && this.#isChanged && isWorthKeeping;
    const isRemoved = !isOpen && (isKnown || this.#isRefused);
    const isUrgent = isChanged || isRemoved;
    if (!isOpen && isKnown) this.#tell("destroyed");
    // A protocol switch or an error response cannot be copied, and Bun's
    // upgrade has no response at all: it is too late for a cookie.
    if (!(response?.status > 199)) {
      if (isUrgent) this.#write();
      return response;
    }
    if (!form.attributes) {
      if (isUrgent) this.#tell("insecure");
      return finish(response);
    }

    let line;
    if (isChanged || isKnown && isOpen && this.#isRenewalDue()) {
      const now = settings.now();
      const token = await LiveSession.seal(this, now);
      if (!isChanged) this.#tell("renewed");
      const persists = this.#values[PERSIST] ?? settings.persistent;
      const maxAge = !!persists && this.#end(now) - now;
      line = writeCookie(form, token, maxAge);
    } else if (
      isRemoved || this.#isRefused && isNavigation(this.#visit)
    ) {
      line = writeCookie(form, "", 0);
    }
    return finish(response, line);
  }

  /**
   * The idle timeout is moved on at most once per quarter of itself or five
   * minutes, and by a navigation if it can be.
   */
  #isRenewalDue(): boolean {
    const idle = this.#idle();
    const now = this.#visit.settings.now();
    const age = now - this.#content.sealed;
    return age >= Math.min(idle / 4, 300) &&
      (age >= idle / 2 || isNavigation(this.#visit)) &&
      this.#end(now) * 1000 > this.expiresAt;
  }
}

function begin(now: number): Content {
  return { created: now, sealed: now, expires: Infinity };
}
