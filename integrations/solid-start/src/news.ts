"use server";

import { setTimeout } from "node:timers/promises";

export async function slowNews() {
  await setTimeout(500);
  return "News from the stream";
}
