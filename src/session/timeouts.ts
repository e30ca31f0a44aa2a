// Every rule of time has its home here, as pure functions of whole seconds since
// 1970. `state.ts` gives them the numbers of a session.
//
// What                    When                                       Function
// idle timeout            `idleTimeout` after the last use           endAfter
// absolute timeout        `absoluteTimeout` after start or login     endAfter
// end of a record         with its cookie, or a day later            recordEndAfter
// idle renewal due        a quarter of the timeout, 5 min at most,   isAged,
//                         after the cookie was made; for others      isHalfOver
//                         than navigations, half of it
// slow request            2 s after its cookie was opened            isSlow
// rotation due            `renewAfter` after the last one            isRotationDue
// grace of an old cookie  30 s after the new one was first seen      isGraceOver
// token of the future     more than 60 s ahead of this clock         isOfTheFuture

/** How far apart the clocks of two processes may be. */
export const SKEW = 60;
/** How long requests that were on their way are waited for. */
export const GRACE = 30;
const DAY = 86_400;

/** When a session ends that began and was last used at these times. */
export function endAfter(
  created: number,
  used: number,
  idle: number,
  absolute: number,
): number {
  return Math.min(created + absolute, used + idle);
}

/** Which timeout has ended a session that is over. */
export function reasonOf(
  created: number,
  now: number,
  absolute: number,
): "idle" | "absolute" {
  return now < created + absolute ? "idle" : "absolute";
}

/**
 * When a record ends whose cookie ends then: a day later, so that a session that
 * is only read needs one touch a day.
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
 * Whether a navigation moves the idle timeout on: at most once per quarter of
 * itself or five minutes.
 */
export function isAged(sealed: number, now: number, idle: number): boolean {
  return now - sealed >= Math.min(idle / 4, 300);
}

/**
 * Whether any request does so. The answer to a background request may come after
 * that to a logout, so it waits for a navigation for as long as it can.
 */
export function isHalfOver(sealed: number, now: number, idle: number): boolean {
  return now - sealed >= idle / 2;
}

/** Whether a request has taken so long that others may have overtaken it. */
export function isSlow(opened: number | undefined, now: number): boolean {
  // Without a cookie, there is nothing that others may have overtaken.
  return now - (opened ?? now) > 2;
}

/** Whether a cookie is old enough for one of the next generation. */
export function isRotationDue(
  issued: number,
  now: number,
  renewAfter: number = Infinity,
): boolean {
  return now - issued >= renewAfter;
}

/**
 * Whether nobody can be on the way any more with a cookie that was replaced. A
 * clock is compared with itself, or with one that may be far ahead.
 */
export function isGraceOver(
  replaced: number,
  now: number,
  isSameClock: boolean,
): boolean {
  return now >= replaced + (isSameClock ? GRACE : GRACE + SKEW);
}
