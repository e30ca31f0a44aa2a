import { encode as encode5 } from "@auth/core/jwt";
import { encode as encode4 } from "next-auth/jwt";
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { join } from "node:path";
import { env } from "node:process";
import { after, before, describe, it, mock } from "node:test";
import { pathToFileURL } from "node:url";
import { closeServers, listen } from "../hosts/_express.ts";
import { Jar } from "../hosts/_express_session.ts";
import django from "../readers/vectors/django.json" with { type: "json" };
import flask from "../readers/vectors/flask_3.json" with { type: "json" };
import gorilla from "../readers/vectors/gorilla.json" with { type: "json" };
import laravel from "../readers/vectors/laravel.json" with { type: "json" };
import rails from "../readers/vectors/rails.json" with { type: "json" };
import { jsr, npm } from "./manifests.ts";
import { openPrograms, page, type Programs } from "./migration_programs.ts";
import { root, secret } from "./process.ts";

const ADA = ["ada", ["tea"]];
const NOBODY = [null, []];

const lucia = join(root, "tests/readers/_lucia_sessions.ts");

/** In place of Redis, and of databases. */
const STAND_INS = {
  "store.ts": `
    import session from "express-session";
    export const store = new session.MemoryStore();`,
  "database.ts": `
    import { memoryAdapter } from "better-auth/adapters/memory";
    const tables = { user: [], session: [], account: [], verification: [] };
    export const database = memoryAdapter(tables);`,
  "adapter.ts": `
    import { Database } from ${JSON.stringify(pathToFileURL(lucia).href)};
    export const { adapter } = new Database();`,
};

describe("docs/migration.md", () => {
  let load: Programs["load"];
  let close: Programs["close"];

  before(() => {
    ({ load, close } = openPrograms([
      "iron_before.ts",
      "iron_after.ts",
      "hono_sessions_before.ts",
      "hono_sessions_after.ts",
      "h3_before.ts",
      "h3_after.ts",
      "hapi_before.ts",
      "hapi_after.ts",
      "express_before.ts",
      "express_after.ts",
      "cookie_before.ts",
      "cookie_after.ts",
      "koa_before.ts",
      "koa_after.ts",
      "router_before.ts",
      "router_after.ts",
      "hono_before.ts",
      "hono_after.ts",
      "authjs_after.ts",
      "rails_after.ts",
      "django_after.ts",
      "laravel_after.ts",
      "flask_after.ts",
      "gorilla_after.ts",
      "better_before.ts",
      "better_after.ts",
      "lucia_before.ts",
      "lucia_after.ts",
      "key.ts",
      "secure_before.ts",
      "secure_after.ts",
    ], STAND_INS));
    Object.assign(env, secret, {
      IRON_PASSWORD: crypto.randomUUID() + crypto.randomUUID(),
      ENCRYPTION_KEY: crypto.randomUUID(),
      H3_PASSWORD: crypto.randomUUID(),
      YAR_PASSWORD: crypto.randomUUID(),
      AUTH_SECRET: crypto.randomUUID(),
      NEXTAUTH_SECRET: crypto.randomUUID(),
      BETTER_AUTH_SECRET: crypto.randomUUID(),
      SECURE_SESSION_SECRET: crypto.randomUUID(),
    });
  });

  after(() => {
    closeServers();
    close();
  });

  /** Asks a server with the cookies of a jar, which takes what it sets. */
  async function ask(
    jar: Jar,
    { fetch }: { fetch(request: Request): Promise<Response> },
    path = "/",
    init: RequestInit = {},
  ) {
    const headers = { ...init.headers, cookie: jar.field };
    const url = `https://shop.example${path}`;
    const response = await fetch(new Request(url, { ...init, headers }));
    jar.take(response);
    return await response.json();
  }

  for (
    const [library, names] of [
      ["iron-session", "iron"],
      ["hono-sessions", "hono_sessions"],
      ["h3", "h3"],
      ["React Router", "router"],
      ["@hono/session", "hono"],
    ] as const
  ) {
    it(`moves from ${library} as it says`, async () => {
      const { default: old } = await load(`${names}_before.ts`);
      const { default: moved } = await load(`${names}_after.ts`);
      const jar = new Jar();
      assert.deepEqual(await ask(jar, old, "/sign-in"), ADA);
      assert.deepEqual(await ask(jar, moved), ADA);
      assert.deepEqual([...jar.cookies.keys()], ["__Host-sid"]);
      assert.deepEqual(await ask(jar, moved), ADA);
      assert.deepEqual(await ask(jar, old), NOBODY);
    });
  }

  it("moves from better-auth as it says", async () => {
    const { default: old } = await load("better_before.ts");
    const { default: moved } = await load("better_after.ts");
    const jar = new Jar();
    const ada = ["ada@shop.example", "Ada"];
    await ask(jar, old, "/api/auth/sign-up/email", {
      method: "POST",
      headers: {
        "content-type": "application/json",
        origin: "https://shop.example",
      },
      body: JSON.stringify({
        name: "Ada",
        email: "ada@shop.example",
        password: "a good password",
      }),
    });
    for (const server of [old, moved, moved]) {
      assert.deepEqual(await ask(jar, server), ada);
    }
    assert.deepEqual([...jar.cookies.keys()], ["__Host-sid"]);
    assert.deepEqual(await ask(jar, old), [null, null]);
  });

  it("moves from Lucia as it says", async () => {
    const { default: old } = await load("lucia_before.ts");
    const { default: moved } = await load("lucia_after.ts");
    const jar = new Jar();
    assert.equal(await ask(jar, old, "/sign-in"), "ada");
    for (const server of [old, moved, moved]) {
      assert.equal(await ask(jar, server), "ada");
    }
    assert.deepEqual([...jar.cookies.keys()], ["__Host-sid"]);
    assert.equal(await ask(jar, old), null);
  });

  it("moves from @fastify/secure-session as it says", async () => {
    const { app: old } = await load("secure_before.ts");
    const { app: moved } = await load("secure_after.ts");
    const jar = new Jar();
    const visit = async (app: typeof old, path = "/") => {
      const headers = { cookie: jar.field };
      const response = await app.inject({ path, headers });
      const lines = response.headers["set-cookie"] ?? [];
      for (const line of [lines].flat()) jar.set(line);
      return response.json();
    };
    assert.deepEqual(await visit(old, "/sign-in"), ADA);
    for (const app of [old, moved, moved]) {
      assert.deepEqual(await visit(app), ADA);
    }
    assert.equal(jar.cookies.has("session"), false);
    assert.deepEqual(await visit(old), NOBODY);
    await Promise.all([old, moved].map((app) => app.close()));
  });

  for (
    const [library, names, cookies] of [
      ["express-session", "express", ["connect.sid"]],
      ["cookie-session", "cookie", ["session", "session.sig"]],
      ["koa-session", "koa", ["koa.sess", "koa.sess.sig"]],
    ] as const
  ) {
    it(`moves from ${library} as it says`, async () => {
      const [before, now] = await Promise.all(
        ["before", "after"].map(async (when) => {
          const { app } = await load(`${names}_${when}.ts`);
          return await listen(createServer(app.callback?.() ?? app));
        }),
      );
      const jar = new Jar();
      const response = await fetch(`${before}/sign-in`, { redirect: "manual" });
      jar.take(response);
      assert.deepEqual([...jar.cookies.keys()], cookies);
      assert.deepEqual(await jar.get(`${before}/`), ADA as never);
      assert.deepEqual(await jar.get(`${now}/`), ADA as never);
      assert.ok(cookies.every((name) => !jar.cookies.has(name)));
      assert.deepEqual(await jar.get(`${now}/`), ADA as never);
      assert.deepEqual(await jar.get(`${before}/`), NOBODY as never);
    });
  }

  it("moves from @hapi/yar as it says", async () => {
    const { server } = await load("hapi_before.ts");
    const { default: moved } = await load("hapi_after.ts");
    const { headers } = await server.inject("/sign-in");
    const [before] = headers["set-cookie"][0].split(";");
    const visit = async (cookie: string): Promise<Response> =>
      await moved.fetch(
        new Request("https://shop.example/", { headers: { cookie } }),
      );
    const first = await visit(before);
    assert.deepEqual(await first.json(), ADA);
    const [ours = "", gone = ""] = first.headers.getSetCookie();
    assert.match(gone, /^session=; Max-Age=0/);
    const second = await visit(ours.split(";")[0] ?? "");
    assert.deepEqual(await second.json(), ADA);
    const { result } = await server.inject("/");
    assert.deepEqual(result, NOBODY);
  });

  it("moves from Auth.js and NextAuth as it says", async () => {
    const { default: moved } = await load("authjs_after.ts");
    const visit = async (cookie: string): Promise<Response> =>
      await moved.fetch(
        new Request("https://shop.example/", { headers: { cookie } }),
      );
    const { AUTH_SECRET = "", NEXTAUTH_SECRET = "" } = env;
    const token = { sub: "ada", name: "Ada" };
    const salt = "__Secure-authjs.session-token";
    const theirs = [
      `${salt}=${await encode5({ token, salt, secret: AUTH_SECRET })}`,
      `__Secure-next-auth.session-token=${await encode4({
        token,
        secret: NEXTAUTH_SECRET,
      })}`,
    ];
    for (const cookie of theirs) {
      const first = await visit(cookie);
      assert.deepEqual(await first.json(), ["ada", "Ada"]);
      const [ours = "", gone = ""] = first.headers.getSetCookie();
      assert.equal(gone.split("=")[0], cookie.split("=")[0]);
      const second = await visit(ours.split(";")[0] ?? "");
      assert.deepEqual(await second.json(), ["ada", "Ada"]);
    }
  });

  for (
    const [library, at, variables, cookies, user] of [
      ["rails", rails.at, { SECRET_KEY_BASE: rails.secret }, {
        [rails.name]: rails.good.sha256,
      }, "7"],
      ["django", django.at, { SECRET_KEY: django.key }, {
        sessionid: django.good.login,
      }, "7"],
      ["laravel", laravel.at, { APP_KEY: laravel.key }, {
        ...laravel.good["AES-256-CBC"],
      }, "7"],
      ["flask", flask.at, { SECRET_KEY: flask.key }, {
        session: flask.good.plain,
      }, "ada"],
      ["gorilla", gorilla.at, {
        HASH_KEY: gorilla.hashKey,
        BLOCK_KEY: gorilla.blockKey,
      }, {
        [gorilla.name]: gorilla.good.encrypted,
      }, "ada"],
    ] as const
  ) {
    it(`moves from ${library} as it says`, async () => {
      Object.assign(env, variables);
      mock.timers.enable({ apis: ["Date"], now: at * 1000 });
      try {
        const { default: moved } = await load(`${library}_after.ts`);
        const visit = async (cookie: string): Promise<Response> =>
          await moved.fetch(
            new Request("https://shop.example/", { headers: { cookie } }),
          );
        const pairs = Object.entries(cookies).map((pair) => pair.join("="));
        const first = await visit(pairs.join("; "));
        const expected = [user, [1, { n: 2 }, "ü € 😀"]];
        assert.deepEqual(await first.json(), expected);
        const [ours = "", ...gone] = first.headers.getSetCookie();
        assert.deepEqual(
          gone.map((line) => line.split("=")[0]),
          Object.keys(cookies),
        );
        const second = await visit(ours.split(";")[0] ?? "");
        assert.equal((await second.json())[0], user);
      } finally {
        mock.timers.reset();
      }
    });
  }

  it("moves from express-session as it says", async () => {
    const old = await load("express_before.ts");
    const moved = await load("express_after.ts");
    const [before, now] = [
      await listen(createServer(old.app)),
      await listen(createServer(moved.app)),
    ];
    const jar = new Jar();
    const response = await fetch(`${before}/sign-in`, { redirect: "manual" });
    jar.take(response);
    assert.deepEqual(await jar.get(before), ADA as never);
    assert.deepEqual(await jar.get(now), ADA as never);
    assert.equal(jar.cookies.has("connect.sid"), false);
    assert.deepEqual(await jar.get(now), ADA as never);
    assert.deepEqual(await jar.get(before), NOBODY as never);
  });

  it("has a row for each reader, with the versions that the tests use", () => {
    const rows = [...page.matchAll(/^\| .*readers\/([\w-]+)`.*$/gm)];
    assert.deepEqual(
      rows.map(([, name]) => `./readers/${name}`),
      Object.keys(jsr.exports).filter((path) => path.includes("readers")),
    );
    const used = npm["devDependencies"] as Record<string, string>;
    const versions = Object.entries(used)
      .filter(([name]) =>
        /^(iron-session|hono-sessions|h3|@hapi\/(yar|cookie)|express-session|connect-redis|cookie-session|koa-session|react-router|@hono\/session|@?auth|next-auth|better-auth|lucia|@fastify\/secure-session)/
          .test(name)
      )
      .map(([, version]) => version.replace(/.*@/, ""));
    assert.equal(versions.length, 30);
    // Those of other languages are of no package.
    for (const { made_by } of [rails, django, laravel, flask, gorilla]) {
      versions.push(made_by.match(/ (\d+\.\d+\.\d+)/)?.[1] ?? made_by);
    }
    const text = rows.join("\n");
    for (const version of versions) assert.ok(text.includes(version), version);
  });
});
