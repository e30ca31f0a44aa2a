"use server";

import { redirect } from "next/navigation";
import { change, sessions } from "../session";

export async function signIn(form: FormData) {
  await change((session) => {
    const name = String(form.get("name"));
    // … check the password …
    session.login(name);
    session.flash("notice", `Welcome, ${name}`);
    redirect("/");
  });
}

export async function signOut() {
  await change((session) => {
    session.reset();
    session.flash("notice", "You have signed out");
    redirect("/");
  });
}

export async function signOutEverywhere() {
  await change(async (session) => {
    if (session.userId) await sessions.revokeAll(session.userId);
    session.destroy();
    redirect("/");
  });
}

/** An action that fails after it has written. */
export async function fail() {
  await change((session) => {
    session.set("visits", 1000);
    throw new Error("It was meant to fail");
  });
}
