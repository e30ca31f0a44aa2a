import assert from "node:assert/strict";
import { it } from "node:test";
import { end, moved, STORES } from "./_foreign.ts";

it("an end in a store is known by its record, not by its session's id here", async () => {
  for (const where of ["in a strong store", "in a late store"] as const) {
    const { old, visit, other } = moved(STORES[where]());
    const [theirs = {}] = other.sessions.values();
    await visit(old(), end);
    // A copy of the other library's cookie is worth what the store knows of it,
    // as in any other process: one that is late has nothing to say.
    other.sessions.set(`${old()["old"]}`, theirs);
    const [user] = await (await visit(old())).json();
    assert.equal(user, where === "in a late store" ? "ann" : null);
  }
});
