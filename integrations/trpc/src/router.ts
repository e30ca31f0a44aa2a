import { initTRPC, TRPCError } from "@trpc/server";
import { setTimeout } from "node:timers/promises";
import { type Context, sessions } from "./session.ts";

const t = initTRPC.context<Context>().create();

/** Procedures for users. */
const forUsers = t.procedure.use(({ ctx: { session }, next }) => {
  const user = session.userId;
  if (!user) throw new TRPCError({ code: "UNAUTHORIZED" });
  return next({ ctx: { user } });
});

/** Takes a text. */
function text(input: unknown): string {
  if (typeof input === "string" && input) return input;
  throw new Error("It must be a text");
}

export const router = t.router({
  hello: t.procedure.query(() => "Hello"),
  me: t.procedure.query(({ ctx: { session } }) => session.userId ?? null),
  notices: t.procedure.mutation(({ ctx: { session } }) => [
    ...session.flashes<string>("notice"),
  ]),
  account: forUsers.query(({ ctx: { user } }) => `Account of ${user}`),
  visit: t.procedure.mutation(({ ctx: { session } }) =>
    session.update("visits", (n = 0) => n + 1)
  ),

  signIn: t.procedure.input(text).mutation(({ input, ctx: { session } }) => {
    // … check the password …
    session.login(input);
    session.flash("notice", `Welcome, ${input}`);
  }),

  signOut: t.procedure.mutation(({ ctx: { session } }) => {
    session.reset();
    session.flash("notice", "You have signed out");
  }),

  signOutEverywhere: t.procedure.mutation(async ({ ctx: { session } }) => {
    if (session.userId) await sessions.revokeAll(session.userId);
    session.destroy();
  }),

  slow: t.procedure.mutation(async ({ ctx: { session } }) => {
    await setTimeout(500);
    return session.update("visits", (n = 0) => n + 1);
  }),

  fail: t.procedure.mutation(({ ctx: { session } }) => {
    session.set("visits", 1000);
    throw new Error("It was meant to fail");
  }),
});

export type Router = typeof router;
