import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { run } from "../../cli.ts";
import { createTerminal } from "../hosts/_terminal.ts";
import { read } from "./manifests.ts";
import { root } from "./process.ts";

// Blocks of `console` in the page are commands and what they print. To write
// them anew: WRITE_PAGE=1 node --test tests/project/command_line_page.test.ts

const PAGE = "docs/command-line.md";
/** Nobody has it but this test, whose cookies are in the page. */
const SECRET = ["mPj0wQ2x", "Zr8LtYb5", "KdNc4GsV", "e7HfUo1A", "iXqR9Ts3WzE"]
  .join("");
/** When the page was written: by this clock, its cookies are still good. */
const NOW = Date.UTC(2026, 10, 30, 23, 0, 0);

describe(PAGE, () => {
  it("shows what its commands print", async () => {
    const page = read(PAGE);
    const folder = mkdtempSync(join(tmpdir(), "with-session-page-"));
    const store = join(folder, "store.ts");
    writeFileSync(
      store,
      `import { MemoryStore } from ${
        JSON.stringify(join(root, "stores/memory.ts"))
      };
      class PostgresStore extends MemoryStore {}
      export const store = new PostgresStore({ now: () => ${NOW} });`,
    );
    // It sets a cookie that scripts can read, and that a cache may keep.
    const server = createServer((_request, response) => {
      response.writeHead(200, {
        "set-cookie":
          `connect.sid=${crypto.randomUUID()}; Path=/; SameSite=Lax`,
        "cache-control": "public, max-age=60",
        date: new Date(NOW).toUTCString(),
      });
      response.end("A page");
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;

    /** What a command prints. */
    async function print(command: string): Promise<string> {
      const args = [...command.matchAll(/"([^"]*)"|(\S+)/g)]
        .map(([, quoted, plain]) => quoted ?? plain ?? "")
        .map((arg) => arg.replace("localhost:8000", `localhost:${port}`))
        .map((arg) => arg === "store.ts" ? store : arg);
      const terminal = createTerminal({
        env: { SESSION_SECRET: SECRET },
        now: () => NOW,
      });
      await run(args.slice(2), terminal);
      return (terminal.out() + terminal.complaints())
        .replaceAll(`${port}`, "8000")
        .trimEnd();
    }

    try {
      const blocks = page.matchAll(/```console\n([\s\S]*?)```/g);
      let written = page;
      let count = 0;
      for (const [block, text = ""] of blocks) {
        const commands = text.match(/^\$ .*$/gm) ?? [];
        const lines: string[] = [];
        for (const line of commands) {
          lines.push(line, await print(line.slice(2)));
          count++;
        }
        written = written.replace(
          block,
          () => `\`\`\`console\n${lines.join("\n")}\n\`\`\``,
        );
      }
      if (process.env["WRITE_PAGE"]) writeFileSync(join(root, PAGE), written);
      assert.ok(count >= 7);
      assert.equal(written, page);
    } finally {
      server.closeAllConnections();
      server.close();
      rmSync(folder, { recursive: true });
    }
  });
});
