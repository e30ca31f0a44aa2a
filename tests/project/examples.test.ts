import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { runtimes } from "../../tools/paths.mjs";
import { start } from "./process.ts";
import { deno, serve, serveInWorkerd, type Server } from "./servers.ts";
import { type Answer, garbage, type Jar, type Step, visit } from "./visit.ts";

// That of whoever runs the tests is not meant for the examples.
delete process.env["SESSION_SECRET"];

const { bun } = runtimes;
const denoServe = [
  runtimes.deno,
  "serve",
  "--no-prompt",
  "--allow-env=SESSION_SECRET",
  "--host=127.0.0.1",
  "--port=0",
];
const srvx = [
  process.execPath,
  "node_modules/srvx/bin/srvx.mjs",
  "--prod",
  "--host=127.0.0.1",
];

/** Every way to run the demo. */
const servers: Record<string, () => Promise<Server>> = {
  "deno.ts on Deno": () => serve([...deno, "examples/deno.ts"]),
  "bun.ts on Bun": () => serve([bun, "examples/bun.ts"]),
  "node.ts on Node": () => serve([process.execPath, "examples/node.ts"]),
  "hono.ts on Node": () => serve([...srvx, "examples/hono.ts"]),
  "hono.ts on Deno": () => serve([...denoServe, "examples/hono.ts"]),
  "hono.ts on Bun": () => serve([bun, "examples/hono.ts"]),
  "workers.ts in workerd": () =>
    serveInWorkerd({ entryPoints: ["examples/workers.ts"] }),
  "hono.ts in workerd": () =>
    serveInWorkerd({ entryPoints: ["examples/hono.ts"] }),
};

/** Takes a step; a cookie that was asked for by name stays out of the jar. */
async function take(origin: string, step: Step, jar: Jar): Promise<Answer> {
  const { path = "/", form, method, cookie } = step;
  const body = form ? new URLSearchParams(form) : step.body;
  const sent = cookie ? cookie(jar) : jar.now;
  const response = await fetch(origin + path, {
    method: method ?? (body === undefined ? "GET" : "POST"),
    headers: { ...step.headers, ...sent && { cookie: sent } },
    redirect: "manual",
    ...body !== undefined && { body },
  });
  const { headers, status } = response;
  const lines = headers.getSetCookie();
  // Bun tells no type where it sends no body.
  const type = method === "HEAD" ? [] : ["content-type"];
  const names = ["cache-control", ...type, "location", "vary"];
  if (!cookie) {
    for (const line of lines) {
      const isRemoved = /^sid-\d+=;/.test(line);
      if (isRemoved) jar.before = jar.now;
      jar.now = isRemoved ? "" : line.split(";")[0] ?? "";
    }
  }
  return [
    status,
    (await response.text()).trim(),
    ...names.filter((name) => headers.has(name)).map((name) =>
      `${name}: ${normal(name, headers.get(name))}`
    ),
    ...lines.map((line) => `set-cookie: ${shape(line)}`),
  ];
}

/** A cookie without port and token, and as if no second had passed since. */
function shape(line: string): string {
  return line.replace(/^sid-\d+=/, "sid=").replace(/^sid=[\w-]+/, "sid=*")
    .replace(
      /Max-Age=(\d+)/,
      (_, seconds) => `Max-Age=${Math.round(seconds / 60) * 60}`,
    );
}

/** A field without what means nothing: case, blanks, order. */
function normal(name: string, value: string | null): string {
  const low = (value ?? "").toLowerCase();
  if (name !== "vary") return low.replace(/;\s+/g, ";");
  return low.split(",").map((part) => part.trim()).sort().join(", ");
}

/** Asks with fields that fetch would refuse to send. */
async function send(origin: string, fields: string): Promise<string> {
  const { host, hostname, port } = new URL(origin);
  const socket = net.connect(Number(port), hostname);
  socket.write(
    `GET / HTTP/1.1\r\nHost: ${host}\r\n${
      fields.replaceAll("sid=", `sid-${port}=`)
    }\r\n\r\n`,
    "latin1",
  );
  let reply = "";
  for await (const chunk of socket) {
    reply += chunk;
    // The line that the demo answers, or a server's refusal.
    if (/\r\n\r\n[^]*[a-z]\n|^HTTP\/1.1 [45]/.test(reply)) break;
  }
  return reply;
}

for (const [name, open] of Object.entries(servers)) {
  describe(`examples/${name}`, { timeout: 60_000 }, () => {
    let server: Server;
    before(async () => {
      server = await open();
    });
    after(() => server?.stop());

    it("a visit gets the same answers everywhere", async () => {
      const jar = { now: "", before: "" };
      const answers: [string, Answer][] = [];
      for (const [what, step] of visit) {
        answers.push([what, await take(server.origin, step, jar)]);
      }
      assert.deepEqual(
        answers,
        visit.map(([what, , answer]) => [what, answer]),
      );
    });

    it("a browser gets a page that shows a name as text", async () => {
      const jar = { now: "", before: "" };
      const form = { name: `<b>"Ada" & 'Co'</b>` };
      await take(server.origin, { path: "/sign-in", form }, jar);
      const accept = "text/html,application/xhtml+xml,*/*;q=0.8";
      const response = await fetch(server.origin, {
        headers: { accept, cookie: jar.now },
      });
      const html = await response.text();
      assert.equal(
        normal("content-type", response.headers.get("content-type")),
        "text/html;charset=utf-8",
      );
      assert.match(
        response.headers.get("content-security-policy") ?? "",
        /default-src 'none'/,
      );
      assert.match(html, /^<!doctype html>\n<html lang="en">/);
      assert.match(
        html,
        /<h1>Hello, &#60;b&#62;&#34;Ada&#34; &#38; &#39;Co&#39;&#60;\/b&#62;<\/h1>/,
      );
      assert.doesNotMatch(html, /<b>/);
    });

    it("two Cookie fields count as one", async () => {
      const { headers } = await fetch(server.origin);
      const [cookie = ""] = headers.getSetCookie()[0]?.split(";") ?? [];
      for (const fields of [["a=1", cookie], [cookie, "a=1"]]) {
        const lines = fields.map((field) => `Cookie: ${field}`).join("\r\n");
        assert.match(await send(server.origin, lines), /Visit 2/);
      }
    });

    for (const [what, field] of Object.entries(garbage)) {
      it(`${what} makes no error`, async () => {
        const reply = await send(server.origin, field);
        assert.doesNotMatch(reply, /^HTTP\/1.1 [56]/);
        const { status } = await fetch(server.origin);
        assert.equal(status, 200);
      });
    }
  });
}

describe("examples", () => {
  const secretless: Record<string, string[]> = {
    "deno.ts": [...deno, "examples/deno.ts"],
    "bun.ts": [bun, "examples/bun.ts"],
    "node.ts": [process.execPath, "examples/node.ts"],
  };
  for (const [name, command] of Object.entries(secretless)) {
    it(`${name} makes up a secret that is missing, and says so`, async () => {
      const { origin, output, stop } = await serve(command, {});
      assert.match(output(), /sessions end with this process/);
      assert.match(await (await fetch(origin)).text(), /^Visit 1/);
      stop();
    });

    it(`${name} refuses an empty secret and says which`, async () => {
      const env = { PORT: "0", SESSION_SECRET: "" };
      const { child, output } = start(command, { env });
      const killer = setTimeout(() => child.kill("SIGKILL"), 10_000);
      const [code] = await once(child, "close");
      clearTimeout(killer);
      assert.notEqual(code ?? 0, 0);
      assert.match(output(), /Option secret.*SESSION_SECRET/);
    });
  }
});
