// Every program of docs/frameworks/, from the packed package.

import assert from "node:assert/strict";
import { once } from "node:events";
import { symlinkSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { WebSocket } from "ws";
import { runtimes } from "../../tools/paths.mjs";
import { compile } from "./consumer.ts";
import { read } from "./manifests.ts";
import { pack, type Packed } from "./packed.ts";
import { freePort, root, secret, start } from "./process.ts";
import { expectVisitsFrom, untilListening } from "./visits.ts";

/** The programs of a page, by the name in their first line. */
function programsOf(page: string): Map<string, string> {
  const blocks = read(page).matchAll(/^```ts ignore\n([\s\S]*?)^```$/gm);
  return new Map(
    [...blocks].flatMap(([, text = ""]) => {
      const name = /^\/\/ ([\w.]+)$/m.exec(text)?.[1];
      return name ? [[name, text]] : [];
    }),
  );
}

const pages = ["express", "fastify", "koa"] as const;
const programs = new Map(
  pages.map((page) => [page, programsOf(`docs/frameworks/${page}.md`)]),
);

describe("docs/frameworks", () => {
  let packed: Packed;
  before(async () => {
    packed = await pack();
    await mkdir(join(packed.project, "node_modules/@types"));
    for (
      const name of [
        ...["express", "fastify", "koa", "ws"],
        ...["express", "koa", "ws", "node"].map((name) => `@types/${name}`),
      ]
    ) {
      const path = join("node_modules", name);
      symlinkSync(join(root, path), join(packed.project, path), "junction");
    }
  });
  after(() => packed?.[Symbol.asyncDispose]());

  /** Starts a program, and asks it until it has answered all. */
  async function serve(
    page: typeof pages[number],
    name: string,
    visit: (origin: string) => Promise<void>,
  ): Promise<void> {
    await writeFile(join(packed.project, name), textOf(page, name));
    const port = `${await freePort()}`;
    const { child, output } = start([runtimes.node, name], {
      cwd: packed.project,
      env: { ...secret, PORT: port },
    });
    const closed = once(child, "close");
    try {
      await untilListening(port, () => child.exitCode !== null, output);
      await visit(`http://localhost:${port}`);
    } finally {
      child.kill();
      await closed;
    }
  }

  const textOf = (page: typeof pages[number], name: string): string =>
    programs.get(page)?.get(name) ?? assert.fail(`${page}.md has no ${name}`);

  const post = (url: string, form: Record<string, string>, headers = {}) =>
    fetch(url, {
      method: "POST",
      body: new URLSearchParams(form),
      redirect: "manual",
      headers,
    });
  const cookieOf = ({ headers }: Response) =>
    headers.getSetCookie()[0]?.split(";")[0] ?? "";

  for (const page of pages) {
    it(`type-checks the programs for ${page}`, async () => {
      const all = programs.get(page) ?? new Map<string, string>();
      assert.ok(all.size > 1);
      for (const [name, text] of all) {
        await writeFile(join(packed.project, name), text);
      }
      for (const text of all.values()) {
        await compile(packed.project, {
          compiler: "TypeScript 7",
          resolution: "nodenext",
          types: ["node"],
          more: { rewriteRelativeImportExtensions: true, skipLibCheck: true },
        }, text);
      }
    });

    it(`starts the first program for ${page}`, async () => {
      for (const [name, text] of programs.get(page) ?? []) {
        await writeFile(join(packed.project, name), text);
      }
      const command = () => [runtimes.node, "main.ts"];
      await expectVisitsFrom(command, packed.project, secret);
    });
  }

  it("has the tested recipe for koa", () => {
    const [, ...lines] = textOf("koa", "sessions.ts").split("\n");
    const [, ...tested] = read("examples/koa/sessions.ts").split("\n");
    assert.equal(lines.join("\n"), tested.join("\n"));
  });

  it("signs in and out in Express", async () => {
    await serve("express", "shop.ts", async (origin) => {
      const signedIn = await post(`${origin}/sign-in`, {
        name: "ada",
        remember: "on",
      });
      assert.equal(signedIn.status, 303);
      assert.match(
        `${signedIn.headers.getSetCookie()}`,
        /Max-Age=2592000/,
      );
      const cookie = cookieOf(signedIn);
      const home = await fetch(origin, { headers: { cookie } });
      const welcome = { user: "ada", notices: ["Welcome back"] };
      assert.deepEqual(await home.json(), welcome);
      const out = await post(`${origin}/sign-out`, {}, { cookie });
      const nobody = await fetch(origin, {
        headers: { cookie: cookieOf(out) },
      });
      const goodbye = { user: null, notices: ["You have signed out"] };
      assert.deepEqual(await nobody.json(), goodbye);
      const site = { "sec-fetch-site": "cross-site" };
      assert.equal((await post(`${origin}/sign-in`, {}, site)).status, 403);
    });
  });

  it("signs in and out in Fastify", async () => {
    await serve("fastify", "shop.ts", async (origin) => {
      const postJson = (path: string, body: object, headers = {}) =>
        fetch(`${origin}${path}`, {
          method: "POST",
          body: JSON.stringify(body),
          redirect: "manual",
          headers: { "content-type": "application/json", ...headers },
        });
      const signedIn = await postJson("/sign-in", {
        name: "ada",
        remember: true,
      });
      assert.equal(signedIn.status, 303);
      assert.match(`${signedIn.headers.getSetCookie()}`, /Max-Age=2592000/);
      const cookie = cookieOf(signedIn);
      const order = await fetch(`${origin}/order`, { headers: { cookie } });
      assert.equal(order.status, 404);
      assert.deepEqual(order.headers.getSetCookie(), []);
      const home = await fetch(origin, { headers: { cookie } });
      const welcome = { user: "ada", notices: ["Welcome back"] };
      assert.deepEqual(await home.json(), welcome);
      const out = await postJson("/sign-out", {}, { cookie });
      const nobody = await fetch(origin, {
        headers: { cookie: cookieOf(out) },
      });
      const goodbye = { user: null, notices: ["You have signed out"] };
      assert.deepEqual(await nobody.json(), goodbye);
      const site = { "sec-fetch-site": "cross-site" };
      assert.equal((await postJson("/sign-in", {}, site)).status, 403);
    });
  });

  it("opens a session when it is asked for in Fastify", async () => {
    await serve("fastify", "lazy.ts", async (origin) => {
      const cookie = cookieOf(await fetch(origin));
      const headers = { cookie };
      assert.equal(
        await (await fetch(origin, { headers })).text(),
        "Visit 2\n",
      );
      const health = await fetch(`${origin}/health`, { headers });
      assert.equal(health.headers.get("vary"), null);
    });
  });

  it("keeps nothing of an error below 500 in Express", async () => {
    await serve("express", "errors.ts", async (origin) => {
      const response = await fetch(`${origin}/order`);
      assert.equal(response.status, 404);
      assert.equal(await response.text(), "Something went wrong\n");
      assert.deepEqual(response.headers.getSetCookie(), []);
    });
  });

  it("lets no stranger open a WebSocket in Express", async () => {
    await serve("express", "sockets.ts", async (origin) => {
      const knock = async (headers: Record<string, string>) => {
        const socket = new WebSocket(origin.replace("http", "ws"), { headers });
        try {
          const [data] = await once(socket, "message");
          return `${data}`;
        } catch (error) {
          return (error as Error).message;
        } finally {
          socket.terminate();
        }
      };
      assert.match(await knock({}), /401/);
      const cookie = cookieOf(await post(`${origin}/sign-in`, { name: "ada" }));
      assert.equal(await knock({ cookie }), "Hello ada");
      assert.match(
        await knock({ cookie, origin: "https://evil.example" }),
        /403/,
      );
    });
  });
});
