// What a run can be told on its command line.

import { availableParallelism } from "node:os";

/** The options of `npm run mutate`. */
export interface Options {
  /** Which of all files; each of them begins with one of these. */
  readonly files: readonly string[];
  readonly seconds: number;
  readonly workers: number;
  /** How long the tests of one mutant may take without it, in seconds. */
  readonly budget: number;
  /** Whether what is known from earlier runs is forgotten. */
  readonly isFresh: boolean;
  /** Whether nothing is run, and what is known is printed. */
  readonly isShown: boolean;
}

export const USAGE = `Usage: npm run mutate -- [options]
  --room=A,B     of the folders of src/; "doors" is the files beside them
  --files=A,B    files, or beginnings of their paths
  --seconds=N    goes on next time; default: until all is done
  --workers=N    processes; default: one for each core
  --budget=N     how many seconds of tests a mutant meets, if 3 have not
                 found it and it has no reason to live; default 10
  --fresh        forgets what is known of these files
  --show         runs nothing, and prints what survived`;

/** Reads them; throws a `RangeError` that says what is wrong. */
export function readOptions(
  args: readonly string[],
  all: readonly string[],
): Options {
  const given = new Map(args.map((arg) => {
    const [, name = "", value] = /^--([a-z]+)(?:=(.+))?$/.exec(arg) ?? [];
    if (!/^(room|files|seconds|workers|budget|fresh|show)$/.test(name)) {
      throw new RangeError(`Unknown option ${arg}`);
    }
    if (/^(fresh|show)$/.test(name) !== (value === undefined)) {
      throw new RangeError(`Option ${arg} takes no value, or needs one`);
    }
    return [name, value] as const;
  }));
  const rooms = given.get("room")?.split(",");
  const starts = given.get("files")?.split(",");
  const files = all.filter((file) =>
    (rooms?.includes(roomOf(file)) ?? true) &&
    (starts?.some((start) => file.startsWith(start)) ?? true)
  );
  if (files.length === 0) throw new RangeError("No file is meant");
  return {
    files,
    seconds: number(given.get("seconds"), "seconds", 1e9),
    workers: number(
      given.get("workers"),
      "workers",
      availableParallelism(),
    ),
    budget: number(given.get("budget"), "budget", 10),
    isFresh: given.has("fresh"),
    isShown: given.has("show"),
  };
}

/** The folder of a file, or that it has none. */
export function roomOf(file: string): string {
  const [, room = "", name] = file.split("/");
  return name === undefined ? "doors" : room;
}

function number(text: string | undefined, name: string, usual: number): number {
  const value = text === undefined ? usual : Number(text);
  if (value >= 1 && value <= 1e9) return value;
  throw new RangeError(`Option --${name} must be 1 or more`);
}
