// Run with the guard before it: makes messages that it should print, or not.

import { createSessions, SessionError } from "../../mod.ts";

const error = new SessionError("gone", "harmless");
if (!(error instanceof Error)) throw error;
if (!error.stack?.includes("leak_program")) throw error;
if (Error("one").message !== "one") throw error;

/** An option's name is told, so it stands for what should not be. */
function name(option: string): void {
  try {
    createSessions({ secret: "x", [option]: 1 });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    if (error.constructor !== TypeError) throw error;
  }
}

name("harmless");
name("Swordfish");
// A test's own, or a client's.
new Error("swordfish");
