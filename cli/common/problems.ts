/** How a command ends, as the code that its process exits with. */
export const EXIT = {
  /** What was looked at is in order. */
  good: 0,
  /** Something is wrong with what was looked at. */
  bad: 1,
  /** The command line is wrong. */
  usage: 2,
  /** It could not be looked at. */
  failed: 3,
} as const;

/** The command line is wrong; the message says how. */
export class UsageError extends Error {
  override readonly name: string = "UsageError";
}

/** What was asked for cannot be done; the message says why, and what helps. */
export class FailedError extends Error {
  override readonly name: string = "FailedError";
}
