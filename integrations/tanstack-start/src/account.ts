import { redirect } from "@tanstack/react-router";
import { createServerFn } from "@tanstack/react-start";
import { sessions } from "./session";

export const visit = createServerFn().handler(({ context: { session } }) => ({
  visits: session.update("visits", (n = 0) => n + 1),
  user: session.userId ?? null,
  notices: [...session.flashes<string>("notice")],
}));

export const signIn = createServerFn({ method: "POST" })
  .validator((form: FormData) => ({ name: String(form.get("name")) }))
  .handler(({ data, context: { session } }) => {
    // … check the password …
    session.login(data.name);
    session.flash("notice", `Welcome, ${data.name}`);
    throw redirect({ to: "/", statusCode: 303 });
  });

export const signOut = createServerFn({ method: "POST" })
  .handler(({ context: { session } }) => {
    session.reset();
    session.flash("notice", "You have signed out");
    throw redirect({ to: "/", statusCode: 303 });
  });

export const signOutEverywhere = createServerFn({ method: "POST" })
  .handler(async ({ context: { session } }) => {
    if (session.userId) await sessions.revokeAll(session.userId);
    session.destroy();
    throw redirect({ to: "/", statusCode: 303 });
  });

export const readAccount = createServerFn().handler(
  ({ context: { session } }) => {
    if (!session.userId) throw redirect({ to: "/", statusCode: 303 });
    return { name: session.userId };
  },
);

/** A function that fails after it has written. */
export const fail = createServerFn({ method: "POST" })
  .handler(({ context: { session } }) => {
    session.set("visits", 1000);
    throw new Error("It was meant to fail");
  });
