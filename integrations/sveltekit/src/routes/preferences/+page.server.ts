import { SESSION_SECRET } from "$app/env/private";
import { redirect, type RequestEvent } from "@sveltejs/kit";
import { createSessions } from "with-session";
import type { Actions, PageServerLoad } from "./$types";

// A second session, in a cookie of its own, without a hook.
const preferences = createSessions<{ theme: string }>(() => ({
  secret: SESSION_SECRET,
  cookie: { name: "__Host-preferences" },
}));

const open = ({ cookies, request }: RequestEvent) =>
  preferences.open(cookies, request);

export const load: PageServerLoad = async (event) => {
  const session = await open(event);
  const theme = session.get("theme") ?? "light";
  const { headers } = await preferences.commit(session);
  // The page depends on the cookie: caches have to know.
  event.setHeaders(Object.fromEntries(headers));
  return { theme };
};

export const actions: Actions = {
  default: async (event) => {
    const form = await event.request.formData();
    const session = await open(event);
    session.set("theme", String(form.get("theme")));
    await preferences.commit(session);
    redirect(303, "/preferences");
  },
};
