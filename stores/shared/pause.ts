/**
 * A timer to wait for.
 *
 * @module
 */

/** Waits some ms, or until all other work that is due has had its turn. */
export function pause(ms = 0): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
