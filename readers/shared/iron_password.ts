// What iron takes for a password.

const LEAST = 32;

export const MUST_BE_PASSWORD: string =
  `be ${LEAST} characters or more, or an object of such passwords by their ids`;

/** Whether a value can be an iron password, or several by their ids. */
export function isPassword(value: unknown): boolean {
  if (typeof value === "string") return value.length >= LEAST;
  return typeof value === "object" && value !== null &&
    Object.values(value).length > 0 &&
    Object.values(value).every((each) =>
      typeof each === "string" && each.length >= LEAST
    );
}
