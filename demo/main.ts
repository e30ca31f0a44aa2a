// A place to look at: what `npm start` runs, in Deno.
//
//   deno run --unstable-kv --allow-net=127.0.0.1 --allow-env=PORT,SESSION_SECRET \
//     --allow-read=demo demo/main.ts

import process from "node:process";
import { generateSecret } from "../mod.ts";
import { createSite, type Demo } from "./site.ts";

const port = Number(Deno.env.get("PORT") || 8000);
if (!(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
  fail("PORT must be a number from 0 to 65535, as in PORT=8001 npm start");
}
const given = Deno.env.get("SESSION_SECRET");
if (given === undefined) {
  console.log("SESSION_SECRET is not set: sessions end with this process");
}
const secret = given ?? generateSecret();

const demo = await open();
setInterval(() => demo.deleteExpired().catch(console.error), 3_600_000);
try {
  Deno.serve({
    hostname: "127.0.0.1",
    port,
    onListen: ({ port }) =>
      console.log(`Listening on http://localhost:${port}/`),
  }, demo.fetch);
} catch (error) {
  const isTaken = error instanceof Deno.errors.AddrInUse;
  if (!isTaken && !(error instanceof Deno.errors.PermissionDenied)) throw error;
  const other = isTaken && port < 65_535 ? port + 1 : 8001;
  const reason = isTaken
    ? "is taken by another program"
    : "is not for everybody on this machine";
  fail(
    `Port ${port} ${reason}. Choose another one:\n\n` +
      `  PORT=${other} npm start\n\n` +
      `or, in PowerShell: $env:PORT=${other}; npm start`,
  );
}

async function open(): Promise<Demo> {
  try {
    return await createSite({
      secret,
      now: Date.now,
      // Without --unstable-kv, there is none.
      denoKv: await Deno.openKv?.(":memory:"),
    });
  } catch (error) {
    // A secret that is too short, say: the message tells, the stack does not.
    return fail((error as Error).message);
  }
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
