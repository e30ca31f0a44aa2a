// deno-lint-ignore-file require-await
"use server";

import { redirect } from "@solidjs/router";
import { getSession, sessions } from "./session";

export async function visit() {
  const session = getSession();
  return {
    visits: session.update("visits", (n = 0) => n + 1),
    user: session.userId,
    notices: [...session.flashes<string>("notice")],
  };
}

export async function signIn(form: FormData) {
  const session = getSession();
  const name = String(form.get("name"));
  // … check the password …
  session.login(name);
  session.flash("notice", `Welcome, ${name}`);
  throw redirect("/", 303);
}

export async function signOut() {
  const session = getSession();
  session.reset();
  session.flash("notice", "You have signed out");
  throw redirect("/", 303);
}

export async function signOutEverywhere() {
  const session = getSession();
  if (session.userId) await sessions.revokeAll(session.userId);
  // Not `destroy()`: Start may read the next page's data in the same request.
  session.reset();
  throw redirect("/", 303);
}

export async function readAccount() {
  const { userId } = getSession();
  if (!userId) throw redirect("/", 303);
  return { name: userId };
}

/** A function that fails after it has written. */
export async function fail() {
  getSession().set("visits", 1000);
  throw new Error("It was meant to fail");
}

/** The same, where a page reads. */
export async function countAndFail(): Promise<string> {
  getSession().update("visits", (n = 0) => n + 1);
  throw new Error("It was meant to fail");
}
