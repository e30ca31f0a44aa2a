import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryStore } from "../../stores/memory.ts";
import { moved, old, type Server } from "./_iron_beside.ts";
import { PASSWORD } from "./_iron_sessions.ts";

// Servers with iron-session, and servers that have moved from it, side by side.

function browser() {
  const jar = new Map<string, string>();
  const visit = async (server: Server, path = "/"): Promise<string> => {
    const cookie = [...jar].map((pair) => pair.join("=")).join("; ");
    const response = await server(
      new Request(`https://shop.example${path}`, { headers: { cookie } }),
    );
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/Max-Age=0/.test(line)) jar.delete(name);
      else jar.set(name, value);
    }
    return await response.text();
  };
  return { jar, visit };
}

const KINDS = {
  "in cookies": () => ({}),
  "in a strong store": () => ({ store: new MemoryStore() }),
} as const;

for (const [where, options] of Object.entries(KINDS)) {
  describe(`servers with iron-session beside servers with sessions ${where}`, () => {
    it("have the same visitor, whichever is asked", async () => {
      const { visit } = browser();
      const both = { secret: PASSWORD, ...options() };
      const servers = [old, moved(true, both), moved(true, both)] as const;
      await visit(old, "/login?user=ann");
      for (let i = 0; i < 200; i++) {
        const [byte = 0] = crypto.getRandomValues(new Uint8Array(1));
        const server = servers[byte % 3] ?? old;
        // Each change there is another seal.
        const path = server === old && byte % 4 === 0 ? "/add" : "/";
        assert.equal(await visit(server, path), "ann");
      }
    });

    it("sign out together", async () => {
      for (const first of ["old", "new"]) {
        const { visit, jar } = browser();
        const now = moved(true, options());
        await visit(old, "/login?user=ann");
        assert.equal(await visit(now), "ann");
        await visit(first === "old" ? old : now, "/logout");
        for (const server of [old, now, old]) {
          assert.equal(await visit(server), "nobody");
        }
        assert.equal(jar.size, 0);
      }
    });

    it("sign in by the old ones, also who came as somebody else", async () => {
      const { visit } = browser();
      const now = moved(true, options());
      await visit(old, "/add");
      assert.equal(await visit(now), "nobody");
      for (const user of ["ann", "bob"]) {
        await visit(old, `/login?user=${user}`);
        assert.equal(await visit(now), user);
        assert.equal(await visit(old), user);
      }
    });

    it("are replaced without `keep`, and nobody is signed out", async () => {
      const { visit, jar } = browser();
      const both = { secret: PASSWORD, ...options() };
      const [during, after] = [moved(true, both), moved(false, both)];
      await visit(old, "/login?user=ann");
      assert.equal(await visit(during), "ann");
      for (let i = 0; i < 3; i++) assert.equal(await visit(after), "ann");
      await visit(after, "/logout");
      assert.equal(jar.size, 0);
      const late = browser();
      await late.visit(old, "/login?user=bob");
      assert.equal(await late.visit(after), "bob");
      assert.deepEqual([...late.jar.keys()], ["__Host-sid"]);
      assert.equal(await late.visit(after), "bob");
    });
  });
}
