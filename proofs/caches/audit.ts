// Whether what came to a visitor is that visitor's.

import type { Answer, Question } from "./client.ts";
import type { Ledger } from "./ledger.ts";

/** What an answer must not be. */
export interface Break {
  readonly rule: Rule;
  readonly text: string;
}

export type Rule =
  /** An answer whose handler looked at another visitor's session. */
  | "another's answer"
  /** Another visitor's name, wherever in the bytes. */
  | "another's name"
  /** A session's cookie that another visitor got. */
  | "another's cookie"
  /** An answer of a session that came a second time, to its own visitor. */
  | "kept answer"
  /** A session's cookie, or its answer, in what the cache has on its disk. */
  | "stored";

/** What came. */
export interface Figures {
  requests: number;
  /** How many the cache answered by itself, with what is nobody's. */
  hits: number;
  /** How many answers came of handlers that looked at the session. */
  touched: number;
  /** How many came with a session's cookie. */
  cookies: number;
  notModified: number;
  /**
   * Of handlers that looked at the session and yet said `public`: how many
   * answers came from the cache, how many of them with another visitor's name,
   * from a cache that does not heed `Vary`, and how many from one guest to
   * another, as neither has a session's cookie: what such a guest has written
   * is not kept if another site has sent them (`withheld`).
   */
  publicHits: number;
  publicLeaks: number;
  guestLeaks: number;
  /** How many have no number: 204s, and 403s of the library. */
  others: number;
  /** How many of those were failures, of the cache say. */
  failed: number;
  /** How many answers in the cache's own files were looked at. */
  stored: number;
}

const MOST_BREAKS = 20;

/** Takes each answer. */
export class Audit {
  readonly breaks: Break[] = [];
  readonly figures: Figures = {
    requests: 0,
    hits: 0,
    touched: 0,
    cookies: 0,
    notModified: 0,
    publicHits: 0,
    publicLeaks: 0,
    guestLeaks: 0,
    others: 0,
    failed: 0,
    stored: 0,
  };
  readonly #ledger: Ledger;
  readonly #heedsVary: boolean;
  /** Who got a cookie first, by the end of its token. */
  readonly #holders: Map<string, string> = new Map();

  constructor(ledger: Ledger, heedsVary: boolean) {
    this.#ledger = ledger;
    this.#heedsVary = heedsVary;
  }

  take(visitor: string, question: Question, answer: Answer): void {
    const { figures } = this;
    const bytes = answer.head + answer.body;
    const where = () =>
      `${visitor}: ${question.method} ${question.host}${question.path} ` +
      `got ${answer.status} ${JSON.stringify(bytes.slice(0, 600))}`;
    figures.requests++;
    if (answer.status === 304) figures.notModified++;
    let isHit = false;
    let isPublic = false;
    let isGuests = false;
    const numbers = this.#ledger.numbersIn(bytes);
    if (!numbers.size) {
      figures.others++;
      if (answer.status >= 500) figures.failed++;
    }
    for (const number of numbers) {
      const entry = this.#ledger.get(number);
      if (!entry) throw new Error(`Nobody made this answer: ${where()}`);
      if (entry.times++) isHit = true;
      if (!entry.isTouched) continue;
      figures.touched++;
      if (entry.isPublic) {
        isPublic = true;
        if (!entry.hadSession) isGuests = true;
        if (entry.times > 1) figures.publicHits++;
      } else if (entry.visitor !== visitor) {
        this.#report("another's answer", where());
      } else if (entry.times > 1) {
        this.#report("kept answer", where());
      }
    }
    if (isHit && !isPublic) figures.hits++;
    const names = [...bytes.matchAll(/~(\w+)~/g)].map(([, name]) => name);
    if (names.some((name) => name !== visitor)) {
      // Who has no session yet is one with all others who have none.
      const { cookie = "" } = question.headers;
      const isGuest = isGuests && !cookie.includes("__Host-");
      if (isPublic && !this.#heedsVary) figures.publicLeaks++;
      else if (isGuest) figures.guestLeaks++;
      else this.#report("another's name", where());
    }
    for (const { name, value } of cookiesIn(answer.head)) {
      if (!name.startsWith("__Host-") || !value) continue;
      figures.cookies++;
      const end = value.slice(-32);
      const holder = this.#holders.get(end) ?? visitor;
      this.#holders.set(end, holder);
      if (holder !== visitor) this.#report("another's cookie", where());
    }
  }

  /** Looks at what the cache has on its disk. */
  takeStored(texts: readonly string[]): void {
    for (const text of texts) {
      const around = (place: number) =>
        JSON.stringify(text.slice(Math.max(0, place - 300), place + 200));
      const [line] = /set-cookie: *__Host-[^\r\n]*/i.exec(text) ?? [];
      if (line) this.#report("stored", line);
      for (const number of this.#ledger.numbersIn(text)) {
        const entry = this.#ledger.get(number);
        this.figures.stored++;
        if (entry?.isTouched && !entry.isPublic) {
          const place = around(text.indexOf(`!${number}!`));
          this.#report("stored", `the answer to ${entry.visitor}: ${place}`);
        }
      }
    }
  }

  #report(rule: Rule, text: string): void {
    if (this.breaks.length < MOST_BREAKS) this.breaks.push({ rule, text });
  }
}

/** The cookies that an answer sets; empty ones are removed. */
export function* cookiesIn(
  head: string,
): Iterable<{ name: string; value: string }> {
  for (const [, line = ""] of head.matchAll(/^set-cookie: *(.*)$/gim)) {
    const [, name = "", value = ""] = /^([^=;]*)=([^;]*)/.exec(line) ?? [];
    yield { name, value: /max-age=0\b/i.test(line) ? "" : value };
  }
}
