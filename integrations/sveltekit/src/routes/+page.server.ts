import { redirect } from "@sveltejs/kit";
import { sessions } from "../session.server";
import type { Actions, PageServerLoad } from "./$types";

export const load: PageServerLoad = ({ locals: { session } }) => ({
  visits: session.update("visits", (n = 0) => n + 1),
  user: session.userId ?? null,
  notices: [...session.flashes<string>("notice")],
});

export const actions: Actions = {
  "sign-in": async ({ request, locals: { session } }) => {
    const form = await request.formData();
    const name = String(form.get("name"));
    // … check the password …
    session.login(name);
    session.flash("notice", `Welcome, ${name}`);
    redirect(303, "/");
  },

  "sign-out": ({ locals: { session } }) => {
    session.reset();
    session.flash("notice", "You have signed out");
    redirect(303, "/");
  },

  everywhere: async ({ locals: { session } }) => {
    if (session.userId) await sessions.revokeAll(session.userId);
    session.destroy();
    redirect(303, "/");
  },
};
