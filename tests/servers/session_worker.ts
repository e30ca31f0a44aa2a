// A process of sessions.test.ts whose requests add one to a session's number.

import assert from "node:assert/strict";
import { argv, exit } from "node:process";
import { createSessions, SessionError } from "../../mod.ts";
import { KINDS, openStore } from "../hosts/_shared.ts";
import { type BackendName, backends } from "./backends.ts";
import { untilAllAreReady } from "./worker.ts";

const [name, address = "", place = "", secret, token = "", times] = argv.slice(
  2,
);
const local = KINDS.find((kind) => kind === name);
const { store, close } = local
  ? await openStore(local, address)
  : await backends[name as BackendName].open(address, place);
const sessions = createSessions({ secret, store });
await sessions.unseal(token);
await untilAllAreReady();
for (let time = 0; time < Number(times);) {
  const session = await sessions.unseal(token);
  assert.ok(session);
  session.update("n", (n: number) => n + 1);
  try {
    await session.save();
    time++;
  } catch (error) {
    // Others were faster five times: it was not counted, and says so.
    assert.ok(error instanceof SessionError);
    assert.equal(error.code, "conflict");
  }
}
await close();
exit();
