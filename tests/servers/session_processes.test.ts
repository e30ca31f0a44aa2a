import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { createSessions } from "../../mod.ts";
import { withFolder } from "../hosts/_folders.ts";
import { openStore } from "../hosts/_shared.ts";
import { runTogether } from "./worker.ts";
import { markedSecret } from "../shared/support.ts";

// Servers have the same test in sessions.test.ts.
describe("sessions that 4 processes change", () => {
  for (const kind of ["sqlite", "file"] as const) {
    it(`count to 1000, on ${kind}`, () =>
      withFolder(async (folder) => {
        const path = join(folder, "sessions");
        const secret = markedSecret();
        const { store, close } = await openStore(kind, path);
        const sessions = createSessions({ secret, store });
        const session = sessions.create();
        session.set("n", 0);
        const token = await sessions.seal(session);
        const script = new URL("session_worker.ts", import.meta.url);
        await runTogether(script, 4, kind, path, "", secret, token, "250");
        assert.equal((await sessions.unseal(token))?.get("n"), 1000);
        await close();
      }));
  }
});
