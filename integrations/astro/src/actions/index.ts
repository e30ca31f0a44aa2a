import { defineAction } from "astro:actions";
import { sessions } from "../session";

export const server = {
  signIn: defineAction({
    accept: "form",
    handler: (form, { locals: { session } }) => {
      const name = String(form.get("name"));
      // … check the password …
      session.login(name);
      session.flash("notice", `Welcome, ${name}`);
    },
  }),

  signOut: defineAction({
    accept: "form",
    handler: (_form, { locals: { session } }) => {
      session.reset();
      session.flash("notice", "You have signed out");
    },
  }),

  signOutEverywhere: defineAction({
    accept: "form",
    handler: async (_form, { locals: { session } }) => {
      if (session.userId) await sessions.revokeAll(session.userId);
      session.destroy();
    },
  }),

  /** An action that fails after it has written. */
  fail: defineAction({
    accept: "form",
    handler: (_form, { locals: { session } }) => {
      session.set("visits", 1000);
      throw new Error("It was meant to fail");
    },
  }),
};
