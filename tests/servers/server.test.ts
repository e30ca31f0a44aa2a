import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { env, execPath } from "node:process";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { findServer, freePort, type Server, startServer } from "./server.ts";

const server = (port: number) =>
  `require("node:net").createServer().listen(${port}, "127.0.0.1")`;

async function answer(port: number): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
  } finally {
    socket.destroy();
  }
}

async function start(): Promise<{ port: number; server: Server }> {
  const port = await freePort();
  const args = ["-e", server(port)];
  const ready = () => answer(port);
  return {
    port,
    server: await startServer({ command: execPath, args, ready }),
  };
}

describe("startServer()", () => {
  it("gives a server that answers, until it is stopped", async () => {
    const { port, server } = await start();
    const file = join(server.cwd, "file");
    writeFileSync(file, "");
    await answer(port);
    await server.kill();
    await assert.rejects(answer(port), { code: "ECONNREFUSED" });
    await server.start();
    await answer(port);
    assert.ok(existsSync(file));
    await server.stop();
    await assert.rejects(answer(port), { code: "ECONNREFUSED" });
    assert.equal(existsSync(server.cwd), false);
    await server.stop();
  });

  it("stops one that is paused", async () => {
    const { server } = await start();
    server.pause();
    await server.stop();
    assert.equal(server.process.signalCode, "SIGTERM");
  });

  it("tells what a server that ends has printed", async () => {
    const ready = () => Promise.reject(new Error("Not yet"));
    const script = "console.error('no such disk'); process.exit(3)";
    await assert.rejects(
      startServer({ command: execPath, args: ["-e", script], ready }),
      /not ready[^]*no such disk[^]*ended by 3/,
    );
    await assert.rejects(
      startServer({ command: "/no/such/program", args: [], ready }),
      /ENOENT/,
    );
  });

  it("gives up on a server that never answers", async () => {
    const args = ["-e", "console.log('hello'); setInterval(() => {}, 1000)"];
    const ready = () => new Promise<void>(() => {});
    await assert.rejects(
      startServer({ command: execPath, args, ready, deadline: 500 }),
      /not ready/,
    );
  });

  for (const end of ["process.exit(1)", "process.kill(process.pid, 9)", ""]) {
    it(`ends it with the tests: ${end || "by running out"}`, async () => {
      const port = await freePort();
      const script = `
        import { connect } from "node:net";
        import { once } from "node:events";
        import { startServer } from ${
        JSON.stringify(`${new URL("server.ts", import.meta.url)}`)
      };
        const { cwd } = await startServer({
          command: process.execPath,
          args: ["-e", ${JSON.stringify(server(port))}],
          async ready() {
            const socket = connect(${port}, "127.0.0.1");
            await once(socket, "connect");
            socket.destroy();
          },
        });
        process.stdout.write(cwd, () => { ${end} });`;
      const args = ["--input-type=module", "-e", script];
      const child = spawn(execPath, args, {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const [output] = await once(child.stdout, "data");
      await once(child, "exit");
      const cwd = String(output);
      for (let tries = 0; existsSync(cwd) && tries < 200; tries++) {
        await sleep(50);
      }
      assert.equal(existsSync(cwd), false);
      await assert.rejects(answer(port), { code: "ECONNREFUSED" });
    });
  }
});

describe("findServer()", () => {
  it("finds a program, or a URL in its place", () => {
    const variable = "WITH_SESSION_TEST_URL";
    const { path, url, skip } = findServer("sh", variable);
    assert.match(path ?? "", /\/sh$/);
    assert.equal(url, undefined);
    assert.equal(skip, false);
    env[variable] = "test://server";
    assert.deepEqual(
      findServer("sh", variable),
      { url: "test://server", skip: false },
    );
    delete env[variable];
  });

  it("says what is missing, and fails where nothing may be missing", () => {
    const { CI } = env;
    try {
      delete env["CI"];
      const { skip } = findServer("no-such-server", "NO_SUCH_URL");
      assert.match(`${skip}`, /no no-such-server.*NO_SUCH_URL/);
      env["CI"] = "true";
      assert.throws(
        () => findServer("no-such-server", "NO_SUCH_URL"),
        /no-such-server/,
      );
    } finally {
      if (CI === undefined) delete env["CI"];
      else env["CI"] = CI;
    }
  });
});
