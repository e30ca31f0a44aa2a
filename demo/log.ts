import type { Told } from "./context.ts";

/** A line of a session's log. */
export interface Line extends Told {
  /** From 1 on, in the order in which they were told. */
  readonly number: number;
  /** Whether it is about another session of the same user. */
  readonly isOther: boolean;
}

interface Log {
  lines: readonly Line[];
  count: number;
  readonly readers: Set<Reader>;
}

interface Reader {
  hear(lines: readonly Line[]): void;
  end(): void;
}

const MOST_LINES = 12;
const MOST_SESSIONS = 1_000;
const MOST_READERS = 8;

/**
 * What has happened to sessions, one log for each: by its public id, which a
 * request has only as long as its cookie opens that very session.
 */
export class Logs {
  readonly #logs: Map<string, Log> = new Map();
  /** Where the log of a session went that has ended. */
  readonly #moved: Map<string, string> = new Map();

  /** The last lines of a session, oldest first. */
  read(id: string): readonly Line[] {
    return this.#logs.get(id)?.lines ?? [];
  }

  /**
   * Adds what a request was told that has begun with this session.
   *
   * @param others What of that is about other sessions.
   */
  append(
    id: string,
    told: readonly Told[],
    others: readonly Told[] = [],
  ): void {
    if (told.length === 0) return;
    // A slow request still tells of a session that another one has ended.
    const log = this.#open(this.#moved.get(id) ?? id);
    const lines = told.map((each) => ({
      ...each,
      number: ++log.count,
      isOther: others.includes(each),
    }));
    log.lines = [...log.lines, ...lines].slice(-MOST_LINES);
    for (const reader of log.readers) reader.hear(lines);
  }

  /**
   * Lets a log go on under another id, as the same visitor's next session; who
   * reads it has to come again, with the cookie of that one.
   */
  move(from: string, to: string): void {
    const log = this.#logs.get(from);
    if (!log || from === to) return;
    this.#logs.delete(from);
    this.#logs.set(to, { ...log, readers: new Set() });
    this.#moved.set(from, to);
    bound(this.#moved);
    for (const reader of log.readers) reader.end();
  }

  /**
   * The lines after a number, and all later ones, as server-sent events;
   * `undefined` if too many read this log.
   */
  stream(
    id: string,
    after: number,
    write: (line: Line) => string,
  ): ReadableStream<Uint8Array<ArrayBuffer>> | undefined {
    const { readers, lines: known } = this.#open(id);
    if (readers.size >= MOST_READERS) return undefined;
    const encoder = new TextEncoder();
    let reader: Reader;
    return new ReadableStream({
      start(controller) {
        const send = (text: string) => controller.enqueue(encoder.encode(text));
        reader = {
          hear(lines) {
            for (const line of lines) {
              const data = JSON.stringify(write(line));
              send(`id: ${line.number}\ndata: ${data}\n\n`);
            }
          },
          end() {
            readers.delete(reader);
            controller.close();
          },
        };
        readers.add(reader);
        // How soon a browser comes again, in ms; and the first sign of life.
        send("retry: 500\n\n");
        reader.hear(known.filter(({ number }) => number > after));
      },
      cancel() {
        readers.delete(reader);
      },
    });
  }

  #open(id: string): Log {
    const log = this.#logs.get(id) ??
      { lines: [], count: 0, readers: new Set() };
    this.#logs.delete(id);
    this.#logs.set(id, log);
    for (const reader of bound(this.#logs)?.readers ?? []) reader.end();
    return log;
  }
}

/** Drops the oldest entry of a map that has too many, and returns it. */
function bound<Value>(map: Map<string, Value>): Value | undefined {
  if (map.size <= MOST_SESSIONS) return undefined;
  const [oldest] = map;
  if (oldest) map.delete(oldest[0]);
  return oldest?.[1];
}
