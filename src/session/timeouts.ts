// All rules of time, as pure functions of whole seconds since 1970. `state.ts`
// calls them with the times of a session.
//
// What                 When                                     Function
// idle timeout         `idleTimeout` after the last use         endAfter
// absolute timeout     `absoluteTimeout` after start or login   endAfter
// end by a cookie      what it says, or an absolute timeout     lastEnd
//                      that the program has shortened since
// end of a record      with its cookie, or a day later          recordEndAfter
// idle renewal due     a quarter of the timeout, 5 min at most, isAged,
//                      after the cookie was made; for others    isHalfOver
//                      than navigations, half of it
// slow request         2 s after its cookie was opened          isSlow
// rotation due         `renewAfter` after the last one          isRotationDue
// grace of old cookies 30 s after the new one was first seen    isGraceOver
// write on its way     `carry` after it, on a late store        isOnItsWay
// token of the future  more than 60 s ahead of this clock       isOfTheFuture

/** How far apart the clocks of two processes may be. */
export const SKEW = 60;
/** How long requests that are on their way are waited for. */
const GRACE = 30;
const DAY = 86_400;

/** When a session ends, by when it began and when it was last used. */
export function endAfter(
  created: number,
  used: number,
  idle: number,
  absolute: number,
): number {
  return Math.min(created + absolute, used + idle);
}

/** When a session ends at the latest, by what its cookie says. */
export function lastEnd(
  created: number,
  expires: number,
  absolute: number,
): number {
  return Math.min(expires, created + absolute);
}

/** Whether a session that ends at `end` is over. */
export function isOver(end: number, now: number): boolean {
  return end <= now;
}

/** Which timeout has ended a session. */
export function reasonOf(
  created: number,
  now: number,
  absolute: number,
): "idle" | "absolute" {
  return now < created + absolute ? "idle" : "absolute";
}

/**
 * When a record ends whose cookie ends at `end`: a day later, so that a session
 * that is only read needs one touch a day.
 */
export function recordEndAfter(
  created: number,
  end: number,
  absolute: number,
): number {
  return Math.min(end + DAY, created + absolute);
}

/** Whether a token was made by a clock that is too far ahead. */
export function isOfTheFuture(sealed: number, now: number): boolean {
  return sealed > now + SKEW;
}

/**
 * Whether a navigation may renew the idle timeout: at most once per quarter of
 * it or five minutes.
 */
export function isAged(sealed: number, now: number, idle: number): boolean {
  return now - sealed >= Math.min(idle / 4, 300);
}

/**
 * Whether any request may renew it. The response to a background request may
 * arrive after that to a logout, so such a request leaves the renewal to a
 * navigation for as long as it can.
 */
export function isHalfOver(sealed: number, now: number, idle: number): boolean {
  return now - sealed >= idle / 2;
}

/** Whether a request has taken so long that others may have overtaken it. */
export function isSlow(opened: number | undefined, now: number): boolean {
  // Without a cookie, there is no session that others may have changed.
  return now - (opened ?? now) > 2;
}

/** Whether a cookie is old enough to be replaced by the next generation. */
export function isRotationDue(
  issued: number,
  now: number,
  renewAfter: number = Infinity,
): boolean {
  return now - issued >= renewAfter;
}

/**
 * Whether no request can be on its way any more with a cookie that was
 * replaced. The time of that is from the same clock, or from one that may be
 * far ahead.
 */
export function isGraceOver(
  replaced: number,
  now: number,
  isSameClock: boolean,
): boolean {
  return now >= replaced + (isSameClock ? GRACE : GRACE + SKEW);
}

/**
 * Whether a late store may not have received a write yet. Its time may be from
 * a clock that is far behind.
 *
 * @param carry The seconds that a write takes at most.
 */
export function isOnItsWay(
  written: number,
  now: number,
  carry: number,
  isSameClock: boolean,
): boolean {
  // Times are whole seconds, so the last one counts, too.
  return now <= written + carry + (isSameClock ? 0 : SKEW);
}
