/**
 * Lets a promise be rejected when nobody awaits it: an unhandled rejection
 * would end the process. Whoever does await it still gets the error.
 */
export function unawaited<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => {});
  return promise;
}
