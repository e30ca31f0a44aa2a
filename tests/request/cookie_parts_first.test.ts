// The first request of a process that has a session in parts waits for what puts
// them together. Each file of tests has a process of its own, so this stands
// alone.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSessions } from "../../mod.ts";
import { bodyOf, craft, NAME, NOW, SECRET } from "../shared/format.ts";
import { requestWith } from "../shared/support.ts";

describe("the first session in parts of a process", () => {
  it("is put together, as all others", async () => {
    const text = JSON.stringify({ text: "x".repeat(4_000) });
    const token = await craft({ body: bodyOf({ text }) });
    const share = Math.ceil(token.length / 2);
    const pairs = [
      `${NAME}=2.${token.slice(0, share)}`,
      `${NAME}.1=${token.slice(24, 32)}.${token.slice(share)}`,
    ];
    const sessions = createSessions<{ text?: string }>({
      secret: SECRET,
      overflow: "parts",
      now: () => NOW * 1000,
    });
    const session = await sessions.open(requestWith(pairs.join("; ")));
    assert.equal(session.get("text")?.length, 4_000);
  });
});
