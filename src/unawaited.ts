/**
 * A promise that somebody may have begun and does not wait for. It may fail
 * then without the end of the process: whoever waits for it still learns why.
 */
export function unawaited<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => {});
  return promise;
}
