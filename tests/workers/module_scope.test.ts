// Options that are there before the first request: those of `cloudflare:workers`.

import assert from "node:assert/strict";
import { it } from "node:test";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { generateSecret } from "../../mod.ts";

const SET_UPS: Readonly<Record<string, string>> = {
  "withSession()": "withSession((_r, s) => answer(s), options)",
  "withSessions()": "withSessions({ a: options }, (_r, { a }) => answer(a))",
  "createSessions()": `async (request) => {
    const session = await sessions.open(request);
    return await sessions.commit(session, answer(session));
  }`,
};

for (const [name, fetch] of Object.entries(SET_UPS)) {
  it(`${name} is set up in the scope of a Worker's module`, async () => {
    const contents = `
      import { env } from "cloudflare:workers";
      import { createSessions, withSession, withSessions } from "./mod.ts";
      const options = { secret: env.SESSION_SECRET };
      const sessions = createSessions(options);
      const answer = (session) => {
        session.login("ada");
        return new Response("Hello");
      };
      export default { fetch: ${fetch} };`;
    const root = new URL("../../", import.meta.url).pathname;
    const { outputFiles: [bundle] } = await build({
      stdin: { contents, resolveDir: root, loader: "js" },
      bundle: true,
      format: "esm",
      write: false,
      external: ["cloudflare:*"],
    });
    const miniflare = new Miniflare({
      cf: false,
      modules: true,
      script: bundle?.text ?? "",
      compatibilityDate: "2026-01-01",
      bindings: { SESSION_SECRET: generateSecret() },
    });
    try {
      const response = await miniflare.dispatchFetch("https://example.com/");
      assert.equal(await response.text(), "Hello");
      assert.equal(response.headers.getSetCookie().length, 1);
    } finally {
      await miniflare.dispose();
    }
  });
}
