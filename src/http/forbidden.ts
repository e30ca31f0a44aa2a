// The answer to a request of another site, for whoever has no response yet.

/** What it says to caches. */
export const FORBIDDEN_VARY = "Sec-Fetch-Site, Origin";

/** Answers with 403. */
export function forbiddenWith(text: string): Response {
  const headers = { vary: FORBIDDEN_VARY };
  return new Response(text, { status: 403, headers });
}

/**
 * Answers the error by which `open()` refuses a request of another site.
 *
 * @throws The error, if it is another one.
 */
export function answerForbidden(error: unknown): Response {
  const { code, message } = Object(error);
  if (code !== "forbidden") throw error;
  return forbiddenWith(message);
}
