// What the site has answered, to whom: what the audit believes.

/** An answer of the site itself. */
export interface Answered {
  readonly visitor: string;
  /** Whether its handler looked at the session. */
  readonly isTouched: boolean;
  /** Whether it asked shared caches to keep it. */
  readonly isPublic: boolean;
  /** Whether the visitor came with the cookie of a session. */
  readonly hadSession: boolean;
  /** How many times it, or a part of it, has come to a visitor. */
  times: number;
}

/** Each answer has a number, written as `!7!` wherever there is room. */
export class Ledger {
  readonly #all: Answered[] = [];

  /** How many there are. */
  get size(): number {
    return this.#all.length;
  }

  /** Makes an entry; returns what stands for it in the answer. */
  add(answered: Omit<Answered, "times">): string {
    this.#all.push({ ...answered, times: 0 });
    return `!${this.#all.length - 1}!`;
  }

  /** The numbers of the answers that a text is made of. */
  numbersIn(text: string): Set<number> {
    return new Set([...text.matchAll(/!(\d+)!/g)].map(([, n]) => Number(n)));
  }

  get(number: number): Answered | undefined {
    return this.#all[number];
  }
}
