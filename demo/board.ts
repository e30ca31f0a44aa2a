/** A line in the account of a race. */
export interface Row {
  readonly what: string;
  /** How it ended with with-session. */
  ours: string;
  /** How it ended with the other session. */
  theirs: string;
}

/** A request that waits between reading its session and writing it. */
interface Hold {
  release(): void;
}

const MOST_ROWS = 10;
const MOST_HOLDS = 3;
const MOST_BOARDS = 500;
/** For how long a request is held at most, in ms. */
const PATIENCE = 60_000;

/** What has happened in a visitor's race, and which requests are held. */
export class Board {
  rows: readonly Row[] = [];
  /** The stars that requests which have ended gave to each session. */
  given = { ours: 0, theirs: 0 };
  /** Those of ours that were told to have come too late. */
  refused = 0;
  hasSignedOut = false;
  /** How often it has begun. */
  round = 0;
  readonly #holds: Set<Hold> = new Set();
  #arrived: () => void = () => {};

  get held(): number {
    return this.#holds.size;
  }

  /** Forgets all, and lets go of what is held. */
  begin(): void {
    this.round++;
    this.release();
    this.rows = [];
    this.given = { ours: 0, theirs: 0 };
    this.refused = 0;
    this.hasSignedOut = false;
  }

  add(row: Row): Row {
    this.rows = [...this.rows, row].slice(-MOST_ROWS);
    return row;
  }

  /** Waits until somebody lets go; at once, if too many wait already. */
  async hold(): Promise<void> {
    if (this.#holds.size >= MOST_HOLDS) return;
    await new Promise<void>((resolve) => {
      const hold = {
        release: () => {
          clearTimeout(timer);
          this.#holds.delete(hold);
          resolve();
        },
      };
      const timer = setTimeout(hold.release, PATIENCE);
      this.#holds.add(hold);
      this.#arrived();
    });
  }

  /** Lets go of what is held. */
  release(): void {
    for (const { release } of this.#holds) release();
  }

  /** Resolves when the next request is held. */
  nextHold(): Promise<void> {
    return new Promise((resolve) => this.#arrived = resolve);
  }
}

/** The boards of all visitors. */
export class Boards {
  readonly #boards: Map<string, Board> = new Map();

  of(id: string): Board {
    const board = this.#boards.get(id) ?? new Board();
    this.#boards.delete(id);
    this.#boards.set(id, board);
    if (this.#boards.size > MOST_BOARDS) {
      const [oldest] = this.#boards;
      oldest?.[1].release();
      this.#boards.delete(oldest?.[0] ?? "");
    }
    return board;
  }
}
