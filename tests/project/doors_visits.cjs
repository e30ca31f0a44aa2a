// What a program does with each door of the package: a session that comes back
// with the next request. It is CommonJS, as Jest loads nothing else, and is
// handed what the program has loaded, in whichever way that was.
const assert = require("node:assert/strict");
const {
  createCipheriv,
  createHash,
  createHmac,
  pbkdf2Sync,
} = require("node:crypto");
const { once } = require("node:events");
const { mkdtemp, rm } = require("node:fs/promises");
const { createServer } = require("node:http");
const { tmpdir } = require("node:os");
const { join } = require("node:path");

const secret = "a secret of 32 characters, or more";
const url = "https://shop.example/";

/** @typedef {(name: string) => any} Load `require`, or `import()`. */

/** By subpath. @type {Record<string, (load: Load) => Promise<void>>} */
module.exports = {
  ".": (load) => comesBack(load, {}),
  "./hono": async (load) => {
    const { Hono } = await load("hono");
    const { sessions } = await load("with-session/hono");
    const app = new Hono();
    app.use(sessions({ secret }));
    app.get("/", (c) => c.text(count(c.var.session)));
    await counts((headers) => app.request(url, { headers }));
  },
  "./express": async (load) => {
    const loaded = await load("express");
    const express = loaded.default ?? loaded;
    const { sessions } = await load("with-session/express");
    const app = express();
    app.use(sessions({ secret }));
    app.get("/", (req, res) => res.send(count(req.session)));
    await countsServed(app);
  },
  "./fastify": async (load) => {
    const loaded = await load("fastify");
    const { sessions } = await load("with-session/fastify");
    const app = (loaded.default ?? loaded)();
    app.register(sessions({ secret }));
    app.get("/", ({ session }, reply) => {
      reply.send(count(session));
    });
    await app.ready();
    await countsServed((req, res) => app.routing(req, res));
  },
  "./next": async (load) => {
    const { createSessions } = await load("with-session");
    const { nextSessions } = await load("with-session/next");
    let cookie;
    const { route } = nextSessions(createSessions({ secret }), {
      cookies: () => ({
        get: (name) => cookie?.replace(`${name}=`, ""),
        set: fail,
      }),
      headers: () => new Headers(),
      connection: fail,
      rethrow: () => {},
      next: fail,
    });
    const visit = route((session) => new Response(count(session)));
    await counts((headers) => {
      cookie = headers.cookie;
      return visit(new Request(url));
    });
  },
  "./nuxt": async (load) => {
    const { nuxtSessions } = await load("with-session/nuxt");
    const { openSession } = nuxtSessions({ secret }, {
      createError: fail,
      sendError: fail,
      getRouteRules: () => ({}),
    });
    await countsServed(async (req, res) => {
      const session = await openSession({ node: { req, res } });
      res.end(count(session));
    });
  },
  "./stores/memory": async (load) => {
    const { MemoryStore } = await load("with-session/stores/memory");
    await comesBack(load, { store: new MemoryStore() });
  },
  "./stores/file": async (load) => {
    const { FileStore } = await load("with-session/stores/file");
    const folder = await mkdtemp(join(tmpdir(), "with-session-doors-"));
    try {
      await comesBack(load, { store: new FileStore(folder) });
    } finally {
      await rm(folder, { recursive: true, maxRetries: 3 });
    }
  },
  "./stores/sqlite": async (load) => {
    const { SqliteStore } = await load("with-session/stores/sqlite");
    const store = new SqliteStore(openDatabase());
    await store.createSchema();
    await comesBack(load, { store });
  },
  "./stores/d1": async (load) => {
    const { D1Store } = await load("with-session/stores/d1");
    const database = openDatabase();
    const answer = (rows) => Promise.resolve(rows);
    const prepare = (sql, values = []) => ({
      bind: (...values) => prepare(sql, values),
      all: () => answer({ results: database.prepare(sql).all(...values) }),
      run: () => answer({ meta: database.prepare(sql).run(...values) }),
    });
    const store = new D1Store({ prepare });
    await store.createSchema();
    await comesBack(load, { store });
  },
  "./stores/unstorage": async (load) => {
    const { createStorage } = await load("unstorage");
    const { UnstorageStore } = await load("with-session/stores/unstorage");
    await comesBack(load, { store: new UnstorageStore(createStorage()) });
  },
  "./stores/tiered": async (load) => {
    const { MemoryStore } = await load("with-session/stores/memory");
    const { TieredStore } = await load("with-session/stores/tiered");
    const store = new TieredStore(new MemoryStore(), new MemoryStore());
    await comesBack(load, { store });
  },
  "./stores/cloudflare-kv": async (load) => {
    const { createKvSimulator } = await load("with-session/testing");
    const { CloudflareKvStore } = await load(
      "with-session/stores/cloudflare-kv",
    );
    const kv = createKvSimulator({ seed: 1, writesPerSecond: 0 });
    await comesBack(load, { store: new CloudflareKvStore(kv.at(0)) });
  },
  "./stores/level": (load) =>
    failsWell(load, "level", "LevelStore", {
      get: fail,
      batch: fail,
      keys: fail,
    }),
  "./stores/redis": (load) =>
    failsWell(load, "redis", "RedisStore", { sendCommand: fail }),
  "./stores/memcached": (load) =>
    failsWell(load, "memcached", "MemcachedStore", {
      gets: fail,
      add: fail,
      cas: fail,
      delete: fail,
    }),
  "./stores/postgres": (load) =>
    failsWell(load, "postgres", "PostgresStore", { query: fail }),
  "./stores/mysql": (load) =>
    failsWell(load, "mysql", "MysqlStore", { execute: fail }),
  "./stores/deno-kv": (load) => {
    const atomic = () => ({ check: atomic, set: atomic, commit: fail });
    return failsWell(load, "deno-kv", "DenoKvStore", { get: fail, atomic });
  },
  "./stores/durable-object": (load) =>
    failsWell(load, "durable-object", "DurableObjectStore", {
      idFromName: (name) => name,
      get: () => ({ create: fail, read: fail, enter: fail }),
    }),
  "./readers/iron-session": async (load) => {
    const { ironSession } = await load("with-session/readers/iron-session");
    // Made by iron-session 9 with `ttl: 0`.
    const seal = [
      "Fe26.2*1*b4149e810c2ac7ea9f6165d5fb3e26f3c2383777119e9d547d031e13fe6356d4",
      "DpDFkAvfHPZ70785r87K7Q",
      "kuaG9wwIGz88L5jjdJQTj7PF2RQiBWJwA8w3XLJ36e5EcIS5bGhSBc-9J4KYKbEM",
      "*bbf05b9f9323433032b3dc7b03b28e2c6ab74fed4e4d22e32de7ebb7de5cc87d",
      "xfYYpJ2RKeA8PVIcWccgcEY6G99WzBRxYNogs6LCD-A~2",
    ].join("*");
    const reader = ironSession({
      password: "a password of 32 characters, or more",
      cookie: { name: "before" },
      until: "2100-01-01",
      map: ({ visits }) => ({ data: { visits } }),
    });
    await goesOn(load, reader, `before=${seal}`);
  },
  "./readers/hono-sessions": async (load) => {
    const { honoSessions } = await load("with-session/readers/hono-sessions");
    // Made by hono-sessions 0.8, with no end.
    const seal = [
      "Fe26.2**812ac3e7de0faca9c2e933b0eec74267d48ee448afaf3c3ce61381bb" +
      "97107162",
      "liVX-UqjUd79OIXjWQ3m2w",
      "CgmYlfFm3wIwAkKhlkaSlZDXMBjIRDygMRn21a5_U5rYOZE3cM6SGfJFKVKoIE-W" +
      "kZF4TKoiZ3qHqOr30ZyGruQzvnJheH4ZNcxgZgs8a5K2T2HtjMGGTEnUJiyCaZru" +
      "wUs7h2TcpbTert1zmg3Kgy39iXE3ckWqNRcy0woOoe5wSwXDAL5eokvM58FJlnnL",
      "*278886e86d8ce4681b37d25df515eec29e9c628a03e04444e6767caa6be8e9ba",
      "2b4B1u3IsSzBDOGNx8EIMsVdiIUbEVkmeD91B-lv2Dg",
    ].join("*");
    const reader = honoSessions({
      encryptionKey: "a password of 32 characters, or more",
      until: "2100-01-01",
    });
    await goesOn(load, reader, `session=${seal}`);
  },
  "./readers/h3": async (load) => {
    const { h3Session } = await load("with-session/readers/h3");
    // Made by h3 2, without `maxAge`.
    const seal = [
      "Fe26.2**b1e2460fd5ed1328682005a8b74b6aac000e1123c410da0351784e1c" +
      "e76bbf3c",
      "Egq_Lm4CtxaL_ort9eGNYQ",
      "JzzEdtzsEfqgp62UFlk8W8l16GphsXIkrs7_UYiAOV8CHMZ7CaBvBp0RLo_NP1sp" +
      "KLZkyrsR5Cknr4pxDbjNzUFtIV-zgoBQWbRwlnWD8PHhGzqd17r_4Rgk-sdHS54I",
      "*27a256024427f0939cb0fb37a080509f5ab8fb39f38e0b1dc21defa62270c4b3",
      "ilk3kjgx3xPij54AivD5SaYgy71ZcurQatdUBUGjixk",
    ].join("*");
    const reader = h3Session({
      password: "a password of 32 characters, or more",
      until: "2100-01-01",
    });
    await goesOn(load, reader, `h3=${seal}`);
  },
  "./readers/hapi": async (load) => {
    const { yar } = await load("with-session/readers/hapi");
    // Made by @hapi/yar 11.
    const seal = [
      "Fe26.2**b50f41db0ff8f20285682598e5cb5ee73aee71f1d03d50284cab9a8c" +
      "75c38e38",
      "HgwAFTIPc2R6Bed1IJ7MMw",
      "8xTFaowiRBN7D8ONFc2egjbFDeYWRDOk2iCez0YoDDmd0bPYtNaRzdu7eWkLgAhy" +
      "Yc-ounUeKllNCpgxzRxMQzL7hJ23g2Z3dygsEJElI2Q",
      "*649a10aeaba73e1de4615c90333911b3b2a87721160ffb6b5a282c2f56353edc",
      "JdxM5ZLcUmAJGG5FrItRtrEp9p0Tuw2NMpi2WE8STgc",
    ].join("*");
    const reader = yar({
      password: "a password of 32 characters, or more",
      until: "2100-01-01",
    });
    await goesOn(load, reader, `session=${seal}`);
  },
  "./readers/express-session": async (load) => {
    const { expressSession } = await load(
      "with-session/readers/express-session",
    );
    const cookie = { originalMaxAge: null, path: "/" };
    const reader = expressSession({
      secret: "keyboard cat",
      store: {
        get: (sid, callback) =>
          callback(null, sid === "before" && { cookie, visits: 1 }),
      },
      until: "2100-01-01",
    });
    const signature = createHmac("sha256", "keyboard cat").update("before")
      .digest("base64").replace("=", "");
    const value = encodeURIComponent(`s:before.${signature}`);
    await goesOn(load, reader, `connect.sid=${value}`);
  },
  "./readers/cookie-session": async (load) => {
    const { cookieSession } = await load("with-session/readers/cookie-session");
    const reader = cookieSession({ keys: ["older"], until: "2100-01-01" });
    await goesOn(load, reader, keygripped("session"));
  },
  "./readers/koa-session": async (load) => {
    const { koaSession } = await load("with-session/readers/koa-session");
    const reader = koaSession({ keys: ["older"], until: "2100-01-01" });
    await goesOn(load, reader, keygripped("koa.sess"));
  },
  "./readers/react-router": async (load) => {
    const { reactRouter } = await load("with-session/readers/react-router");
    const reader = reactRouter({ secrets: ["older"], until: "2100-01-01" });
    const text = Buffer.from('{"visits":1}').toString("base64");
    const signature = createHmac("sha256", "older").update(text)
      .digest("base64").replace("=", "");
    const value = encodeURIComponent(`${text}.${signature}`);
    await goesOn(load, reader, `__session=${value}`);
  },
  "./readers/hono-session": async (load) => {
    const { honoSession } = await load("with-session/readers/hono-session");
    // Made by @hono/session 0.2, with no duration.
    const token = [
      "eyJlbmMiOiJBMjU2R0NNIiwiYWxnIjoiZGlyIn0",
      "",
      "8DaTcD9nnIdY67h2",
      "xj4aAcqWa-apeKMlZUvyUMEhGA9WHgD8Qwod7eX6Msmb6-FlXdEI0L1g_sE",
      "sa5kS-NOZFZp-qUB13E3eA",
    ].join(".");
    const reader = honoSession({
      secret: "a secret of before",
      until: "2100-01-01",
    });
    await goesOn(load, reader, `sid=${token}`);
  },
  "./readers/authjs": async (load) => {
    const { authJs } = await load("with-session/readers/authjs");
    // Made by @auth/core 0.41, for 74 years.
    const token = [
      "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2Q0JDLUhTNTEyIiwia2lkIjoiR1VPQmli" +
      "S2FLNlhsZHloR09OR0E1YnplVklFMi1lMUtDT3NtTWQ5c0ZOX0gzZmNMQU9ITWd0" +
      "UHhSb19HZndaeGd0NlFBSHV4dm9JaWJUM1dqeHN6Y0EifQ",
      "",
      "ps1gstkHyo_RIyg5J45WMg",
      "zEJo47GC1LSrRbW1fuG4RvkqexYi8FGM0eXBoEHGcDWPO2ZOIgylUSQMPOX3ixoL" +
      "ReF8_utjbggpqdjIX8EPEVQePXBAnCe8ZFJBWKjoDXda7wl8nSIyGbllrlDArRkI",
      "9fujw_Plytu6c3_UbUNbnWb2T-FhAt993Zywdd22XGQ",
    ].join(".");
    const reader = authJs({
      secret: "a secret of before",
      until: "2100-01-01",
    });
    await goesOn(load, reader, `__Secure-authjs.session-token=${token}`);
  },
  "./readers/rails": async (load) => {
    const { rails } = await load("with-session/readers/rails");
    const salt = "authenticated encrypted cookie";
    const key = pbkdf2Sync("older", salt, 1000, 32, "sha256");
    const message = Buffer.from('{"visits":1}').toString("base64");
    const envelope = { _rails: { message, exp: null, pur: "cookie.before" } };
    const iv = Buffer.alloc(12, 1);
    const cipher = createCipheriv("aes-256-gcm", key, iv);
    const sealed = Buffer.concat([
      cipher.update(JSON.stringify(envelope)),
      cipher.final(),
    ]);
    const value = [sealed, iv, cipher.getAuthTag()]
      .map((part) => part.toString("base64")).join("--");
    const reader = rails({
      secretKeyBase: "older",
      cookie: { name: "before" },
      until: "2100-01-01",
    });
    await goesOn(load, reader, `before=${encodeURIComponent(value)}`);
  },
  "./readers/django": async (load) => {
    const { django } = await load("with-session/readers/django");
    const salt = "django.contrib.sessions.backends.signed_cookies";
    const key = createHash("sha256").update(`${salt}signerolder`).digest();
    const signed = `${encode('{"visits":1}')}:1voWeo`;
    const mac = createHmac("sha256", key).update(signed).digest("base64url");
    const reader = django({
      secretKey: "older",
      maxAge: Infinity,
      until: "2100-01-01",
    });
    await goesOn(load, reader, `sessionid=${signed}:${mac}`);
  },
  "./readers/laravel": async (load) => {
    const { laravel } = await load("with-session/readers/laravel");
    const key = Buffer.alloc(32, 1);
    const id = "i".repeat(40);
    const data = JSON.stringify({
      data: '{"visits":1}',
      expires: Date.now() + 1000,
    });
    const cookies = [["laravel_session", id], [id, data]].map(
      ([name, text]) => {
        const prefix = createHmac("sha1", key).update(`${name}v2`);
        const bytes = Buffer.alloc(16, 2);
        const cipher = createCipheriv("aes-256-cbc", key, bytes);
        const value = cipher.update(
          `${prefix.digest("hex")}|${text}`,
          "utf8",
          "base64",
        ) + cipher.final("base64");
        const iv = bytes.toString("base64");
        const mac = createHmac("sha256", key).update(iv + value).digest("hex");
        const json = JSON.stringify({ iv, value, mac, tag: "" });
        const sealed = Buffer.from(json).toString("base64");
        return `${name}=${encodeURIComponent(sealed)}`;
      },
    );
    const reader = laravel({
      key: `base64:${key.toString("base64")}`,
      until: "2100-01-01",
    });
    await goesOn(load, reader, cookies.join("; "));
  },
  "./readers/flask": async (load) => {
    const { flask } = await load("with-session/readers/flask");
    const key = createHmac("sha1", "older").update("cookie-session").digest();
    const time = Buffer.alloc(4);
    time.writeUInt32BE(1_700_000_000);
    const signed = `${encode('{"visits":1}')}.${encode(time)}`;
    const mac = createHmac("sha1", key).update(signed).digest("base64url");
    const reader = flask({
      secretKey: "older",
      maxAge: Infinity,
      until: "2100-01-01",
    });
    await goesOn(load, reader, `session=${signed}.${mac}`);
  },
  "./readers/gorilla": async (load) => {
    const { gorilla } = await load("with-session/readers/gorilla");
    const signed = `1700000000|${encode('{"visits":1}')}`;
    const mac = createHmac("sha256", "older").update(`before|${signed}`);
    const value = encode(
      Buffer.concat([Buffer.from(`${signed}|`), mac.digest()]),
    );
    const padding = "=".repeat((4 - value.length % 4) % 4);
    const reader = gorilla({
      keys: { hashKey: "older" },
      cookie: { name: "before" },
      maxAge: Infinity,
      until: "2100-01-01",
    });
    await goesOn(load, reader, `before=${value}${padding}`);
  },
  "./readers/better-auth": async (load) => {
    const { betterAuth } = await load("with-session/readers/better-auth");
    const reader = betterAuth({
      secret: "older",
      find: (token) => ({
        session: { token, expiresAt: new Date("2100-01-01") },
        user: { visits: 1 },
      }),
      until: "2100-01-01",
      map: ({ user }) => ({ data: user }),
    });
    const signature = createHmac("sha256", "older").update("before")
      .digest("base64");
    const value = encodeURIComponent(`before.${signature}`);
    await goesOn(load, reader, `__Secure-better-auth.session_token=${value}`);
  },
  "./readers/lucia": async (load) => {
    const { lucia } = await load("with-session/readers/lucia");
    const reader = lucia({
      find: (id) => id === "before" && { session: { id, visits: 1 } },
      until: "2100-01-01",
      map: ({ session: { visits } }) => ({ data: { visits } }),
    });
    await goesOn(load, reader, "auth_session=before");
  },
  "./readers/secure-session": async (load) => {
    const { secureSession } = await load("with-session/readers/secure-session");
    const text = Buffer.from('{"visits":1,"__ts":4000000000}');
    const reader = secureSession({
      key: new Uint8Array(32),
      // A cipher for nobody but this test.
      open: (box) => box.subarray(16),
      until: "2100-01-01",
    });
    const parts = [Buffer.concat([Buffer.alloc(16), text]), Buffer.alloc(24)];
    const value = parts.map((part) => part.toString("base64")).join(";");
    await goesOn(load, reader, `session=${encodeURIComponent(value)}`);
  },
  "./cli": async (load) => {
    const { createSessions } = await load("with-session");
    const { inspect, judgeSecret } = await load("with-session/cli");
    assert.equal((await judgeSecret(secret)).ok, true);
    const sessions = createSessions({ secret });
    const session = sessions.create();
    session.login("ada");
    const token = await sessions.seal(session);
    const [report] = await inspect(`__Host-sid=${token}`, { secret });
    assert.equal(report.status, "good");
    assert.equal(report.contents.user, "ada");
  },
  "./testing": async (load) => {
    const { MemoryStore } = await load("with-session/stores/memory");
    const { createClock, runStoreCase, storeCases } = await load(
      "with-session/testing",
    );
    for (const storeCase of storeCases.slice(0, 3)) {
      const clock = createClock();
      const store = new MemoryStore({ now: clock.now });
      await runStoreCase(storeCase, () => ({ store, ...clock }));
    }
    const { withSession } = await load("with-session");
    const { Browser, signedIn } = await load("with-session/testing");
    const handle = withSession(
      (_request, session) => new Response(session.userId),
      { secret },
    );
    const { cookies } = await signedIn("ada", {}, { secret });
    const page = await new Browser(handle, { cookies }).get();
    assert.equal(await page.text(), "ada");
  },
};

/** Node's own database. Its module is asked for here, as it is a late one. */
function openDatabase() {
  const { DatabaseSync } = require("node:sqlite");
  return new DatabaseSync(":memory:");
}

function count(session) {
  return `${session.update("visits", (visits = 0) => visits + 1)}`;
}

/** A session of `withSession` comes back with these options. */
async function comesBack(load, options) {
  const { withSession } = await load("with-session");
  const handle = withSession((_request, session) => {
    session.login("ada");
    return new Response(count(session));
  }, { secret, ...options });
  await counts((headers) => handle(new Request(url, { headers })));
}

function encode(text) {
  return Buffer.from(text).toString("base64url");
}

/** One visit, as the package `cookies` keeps and signs it. */
function keygripped(name) {
  const value = Buffer.from('{"visits":1}').toString("base64");
  const signature = createHmac("sha1", "older").update(`${name}=${value}`)
    .digest("base64url");
  return `${name}=${value}; ${name}.sig=${signature}`;
}

/** A session of another library, with one visit, goes on here. */
async function goesOn(load, reader, cookie) {
  const { withSession } = await load("with-session");
  const handle = withSession(
    (_request, session) => new Response(count(session)),
    { secret, accept: [reader] },
  );
  const visit = (cookie) => handle(new Request(url, { headers: { cookie } }));
  const first = await visit(cookie);
  assert.equal(await first.text(), "2");
  const [ours, ...gone] = first.headers.getSetCookie();
  assert.deepEqual(
    gone.map((line) => line.split("=")[0]),
    cookie.split("; ").map((pair) => pair.split("=")[0]),
  );
  const second = await visit(ours.split(";")[0]);
  assert.equal(await second.text(), "3");
}

/** Two requests of one visitor are counted. */
async function counts(request) {
  const first = await request({});
  assert.equal(await first.text(), "1");
  const [cookie] = first.headers.getSetCookie()[0].split(";");
  const second = await request({ cookie });
  assert.equal(await second.text(), "2");
}

/** The same of what answers `req` and `res`. */
async function countsServed(listener) {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  try {
    await counts((headers) => fetch(`http://127.0.0.1:${port}/`, { headers }));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/**
 * A store whose back end is elsewhere, and down: its error is one that the
 * program knows by its class.
 */
async function failsWell(load, path, name, client) {
  const { SessionError } = await load("with-session");
  const { [name]: Store } = await load(`with-session/stores/${path}`);
  await assert.rejects(
    comesBack(load, { store: new Store(client) }),
    (error) => error instanceof SessionError && error.code === "store-failed",
  );
}

function fail() {
  return Promise.reject(new Error("The back end is down"));
}
