import process from "node:process";
import type { SessionOptions } from "with-session";
import type { Visit } from "./shop.ts";

// What the server under test and the tests have in common.
export const options: SessionOptions<Visit> = {
  secret: process.env["SESSION_SECRET"],
};
export const origin = "http://localhost:3210";
