"use server";

import { redirect } from "next/navigation";
import { open } from "../session";

export async function signIn(form: FormData) {
  const session = await open();
  session.user = String(form.get("name"));
  session.visits = 41;
  await session.save();
  redirect("/");
}
