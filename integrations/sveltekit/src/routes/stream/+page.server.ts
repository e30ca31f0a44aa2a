import { setTimeout } from "node:timers/promises";
import type { PageServerLoad } from "./$types";

export const load: PageServerLoad = ({ locals: { session } }) => ({
  visits: session.update("visits", (n = 0) => n + 1),
  // Not awaited: this comes after the page, and after the cookie.
  news: setTimeout(500, "News from the stream"),
});
