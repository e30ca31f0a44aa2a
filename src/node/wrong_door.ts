import { OPTIONS } from "../options/rules.ts";

// What another framework calls, or who registers in another way, is told so.

/** What a middleware says that gets no response of Node. */
export const NO_RESPONSE: string =
  "with-session/express was not called with (req, res, next) of Node: docs/frameworks/ says what others use";

/** What a plugin says that gets no app of Fastify. */
export const NO_APP: string =
  "with-session/fastify was not called by app.register() of Fastify: docs/frameworks/ says what others use";

/** What `sessions` says if it is used in place of what it returns. */
export const NOT_CALLED: string =
  "sessions() takes options, and what it returns is used: sessions({ secret })";

/**
 * Says what is wrong, where a framework can answer: what throws as it is
 * registered would end some of them.
 *
 * @throws {TypeError} If nobody takes the error.
 */
export function tellWrong(problem: string, done: unknown): void {
  const error = new TypeError(problem);
  if (typeof done !== "function") throw error;
  done(error);
}

/**
 * An option of `sessions()` that `app.register()` was given, which would count
 * for nothing. What Fastify takes itself, `prefix` say, has other names.
 */
export function misplacedOption(given: unknown): string | undefined {
  const name = Object.keys(Object(given)).find((name) =>
    Object.hasOwn(OPTIONS, name)
  );
  return name &&
    `Option ${name} is for sessions(), and not for register(): ` +
      `app.register(sessions({ ${name} }))`;
}
