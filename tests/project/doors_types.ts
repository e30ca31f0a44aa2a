import { nameOf, storeOf, subpaths } from "./doors.ts";

/** What a program with types writes, by subpath; for stores, see below. */
const PROGRAMS: Readonly<Record<string, string>> = {
  ".": `
    import { type Session, type SessionOptions, withSession } from "with-session";
    const options: SessionOptions<Shop> = { secret };
    export const handle = withSession((_request, session) => {
      const visits: number | undefined = session.get("visits");
      // @ts-expect-error The data has no such key.
      session.get("visit");
      return new Response(\`\${visits}\`);
    }, options);
    export const idOf = (session: Session) => session.id;`,
  "./hono": `
    import { type SessionEnv, sessions } from "with-session/hono";
    import { Hono } from "hono";
    export const app = new Hono<SessionEnv<Shop>>();
    app.use(sessions({ secret }));
    app.get("/", (c) => {
      const visits: number | undefined = c.var.session.get("visits");
      // @ts-expect-error The data has no such key.
      c.var.session.get("visit");
      return c.text(\`\${visits}\`);
    });`,
  "./express": `
    import { type SessionRequest, sessions } from "with-session/express";
    import express, { type Request } from "express";
    export const app = express();
    app.use(sessions({ secret }));
    app.get("/", (req, res) => {
      const { session } = req as Request & SessionRequest<Shop>;
      const visits: number | undefined = session.get("visits");
      // @ts-expect-error The data has no such key.
      session.get("visit");
      res.send(\`\${visits}\`);
    });`,
  "./fastify": `
    import { type SessionRequest, sessions } from "with-session/fastify";
    import Fastify, { type FastifyRequest } from "fastify";
    export const app = Fastify();
    app.register(sessions({ secret }));
    app.get("/", (request) => {
      const { session } = request as FastifyRequest & SessionRequest<Shop>;
      const visits: number | undefined = session.get("visits");
      // @ts-expect-error The data has no such key.
      session.get("visit");
      return \`\${visits}\`;
    });`,
  "./next": `
    import { createSessions } from "with-session";
    import { type NextFunctions, nextSessions } from "with-session/next";
    declare const next: NextFunctions;
    const { route } = nextSessions(createSessions<Shop>({ secret }), next);
    export const GET = route((session) => {
      const visits: number | undefined = session.get("visits");
      // @ts-expect-error The data has no such key.
      session.get("visit");
      return new Response(\`\${visits}\`);
    });`,
  "./nuxt": `
    import { type NuxtEvent, type NuxtFunctions, nuxtSessions } from "with-session/nuxt";
    declare const nuxt: NuxtFunctions;
    const { openSession } = nuxtSessions<Shop>({ secret }, nuxt);
    export async function visitsOf(event: NuxtEvent) {
      const session = await openSession(event);
      // @ts-expect-error The data has no such key.
      session.get("visit");
      const visits: number | undefined = session.get("visits");
      return visits;
    }`,
  "./cli": `
    import { type CookieReport, doctor, inspect, run } from "with-session/cli";
    export async function statusOf(cookie: string) {
      const reports: CookieReport[] = await inspect(cookie, { secret });
      // @ts-expect-error There is no such option.
      await inspect(cookie, { secrets: secret });
      const { faults } = await doctor("https://example.com/", { timeout: 3 });
      const code: number = await run(["schema", "sqlite"]);
      return [reports[0]?.status, faults[0]?.code, code];
    }`,
  "./readers/iron-session": `
    import { type SessionReader, withSession } from "with-session";
    import { ironSession } from "with-session/readers/iron-session";
    const reader: SessionReader = ironSession<{ n: number }>({
      password: secret,
      cookie: { name: "before" },
      until: "2100-01-01",
      // @ts-expect-error What is read has no such key.
      map: ({ n, visits }) => ({ user: visits, data: { visits: n } }),
    });
    export const handle = withSession<Shop>((_request, session) => {
      const visits: number | undefined = session.get("visits");
      return new Response(\`\${visits}\`);
    }, { secret, accept: [reader] });`,
  "./readers/hono-sessions": `
    import { type SessionReader, withSession } from "with-session";
    import {
      honoSessions,
      type HonoSessionsStore,
    } from "with-session/readers/hono-sessions";
    declare const store: HonoSessionsStore | undefined;
    const reader: SessionReader = honoSessions<{ n: number }>({
      encryptionKey: secret,
      store,
      until: new Date(),
      // @ts-expect-error What is read has no such key.
      map: ({ n, visits }) => ({ user: visits, data: { visits: n } }),
    });
    export const handle = withSession<Shop>((_request, session) => {
      const visits: number | undefined = session.get("visits");
      return new Response(\`\${visits}\`);
    }, { secret, accept: [reader] });`,
  "./readers/h3": `
    import { type SessionReader, withSession } from "with-session";
    import { h3Session } from "with-session/readers/h3";
    const reader: SessionReader = h3Session<{ n: number }>({
      password: { 1: secret },
      maxAge: 3600,
      iterations: 1,
      until: "2100-01-01",
      // @ts-expect-error What is read has no such key.
      map: ({ n, visits }) => ({ user: visits, data: { visits: n } }),
    });
    export const handle = withSession<Shop>((_request, session) => {
      const visits: number | undefined = session.get("visits");
      return new Response(\`\${visits}\`);
    }, { secret, accept: [reader] });`,
  "./readers/hapi": `
    import { type SessionReader, withSession } from "with-session";
    import { hapiCookie, yar, type YarCache } from "with-session/readers/hapi";
    declare const cache: YarCache | undefined;
    const other: SessionReader = hapiCookie<{ sid: string }>({
      password: secret,
      until: new Date(),
      map: ({ sid }) => ({ user: sid }),
    });
    const reader: SessionReader = yar<{ n: number }>({
      password: secret,
      cache,
      until: "2100-01-01",
      // @ts-expect-error What is read has no such key.
      map: ({ n, visits }) => ({ user: visits, data: { visits: n } }),
    });
    export const handle = withSession<Shop>((_request, session) => {
      const visits: number | undefined = session.get("visits");
      return new Response(\`\${visits}\`);
    }, { secret, accept: [reader, other] });`,
  "./readers/express-session": `
    import { type SessionReader, withSession } from "with-session";
    import {
      expressSession,
      type ExpressSessionStore,
    } from "with-session/readers/express-session";
    declare const store: ExpressSessionStore;
    const reader: SessionReader = expressSession<{ n: number }>({
      secret,
      store,
      until: new Date(),
      // @ts-expect-error What is read has no such key.
      map: ({ n, visits }) => ({ user: visits, data: { visits: n } }),
    });
    export const handle = withSession<Shop>((_request, session) => {
      const visits: number | undefined = session.get("visits");
      return new Response(\`\${visits}\`);
    }, { secret, accept: [reader] });`,
  "./readers/cookie-session": `
    import { type SessionReader, withSession } from "with-session";
    import { cookieSession } from "with-session/readers/cookie-session";
    const reader: SessionReader = cookieSession<{ n: number }>({
      keys: ["newer", "older"],
      until: "2100-01-01",
      // @ts-expect-error What is read has no such key.
      map: ({ n, visits }) => ({ user: visits, data: { visits: n } }),
    });
    export const handle = withSession<Shop>((_request, session) => {
      const visits: number | undefined = session.get("visits");
      return new Response(\`\${visits}\`);
    }, { secret, accept: [reader] });`,
  "./readers/koa-session": `
    import { type SessionReader, withSession } from "with-session";
    import { koaSession } from "with-session/readers/koa-session";
    const reader: SessionReader = koaSession<{ n: number }>({
      keys: ["newer", "older"],
      until: "2100-01-01",
      // @ts-expect-error What is read has no such key.
      map: ({ n, visits }) => ({ user: visits, data: { visits: n } }),
    });
    export const handle = withSession<Shop>((_request, session) => {
      const visits: number | undefined = session.get("visits");
      return new Response(\`\${visits}\`);
    }, { secret, accept: [reader] });`,
  "./readers/react-router": `
    import { type SessionReader, withSession } from "with-session";
    import { reactRouter } from "with-session/readers/react-router";
    const reader: SessionReader = reactRouter<{ n: number }>({
      secrets: ["newer", "older"],
      until: "2100-01-01",
      // @ts-expect-error What is read has no such key.
      map: ({ n, visits }) => ({ user: visits, data: { visits: n } }),
    });
    export const handle = withSession<Shop>((_request, session) => {
      const visits: number | undefined = session.get("visits");
      return new Response(\`\${visits}\`);
    }, { secret, accept: [reader] });`,
  "./readers/hono-session": `
    import { type SessionReader, withSession } from "with-session";
    import {
      honoSession,
      type HonoSessionStorage,
    } from "with-session/readers/hono-session";
    declare const storage: HonoSessionStorage | undefined;
    const reader: SessionReader = honoSession<{ n: number }>({
      secret: [secret, new Uint8Array(32)],
      storage,
      until: new Date(),
      // @ts-expect-error What is read has no such key.
      map: ({ n, visits }) => ({ user: visits, data: { visits: n } }),
    });
    export const handle = withSession<Shop>((_request, session) => {
      const visits: number | undefined = session.get("visits");
      return new Response(\`\${visits}\`);
    }, { secret, accept: [reader] });`,
  "./readers/authjs": `
    import { type SessionReader, withSession } from "with-session";
    import { authJs, nextAuth } from "with-session/readers/authjs";
    const reader: SessionReader = authJs({
      secret: [secret],
      until: new Date(),
      map: ({ sub, name }) => ({ user: sub, data: { name } }),
    });
    const older: SessionReader = nextAuth<{ n: number }>({
      secret,
      until: new Date(),
      // @ts-expect-error What is read has no such key.
      map: ({ n, visits }) => ({ user: visits, data: { visits: n } }),
    });
    export const handle = withSession<Shop>((_request, session) => {
      const visits: number | undefined = session.get("visits");
      return new Response(\`\${visits}\`);
    }, { secret, accept: [reader, older] });`,
  "./readers/rails": `
    import { type SessionReader, withSession } from "with-session";
    import { rails } from "with-session/readers/rails";
    const reader: SessionReader = rails<{ n: number }>({
      secretKeyBase: [secret, secret],
      cookie: { name: "before" },
      until: "2100-01-01",
      // @ts-expect-error What is read has no such key.
      map: ({ n, visits }) => ({ user: visits, data: { visits: n } }),
    });
    export const handle = withSession<Shop>((_request, session) => {
      const visits: number | undefined = session.get("visits");
      return new Response(\`\${visits}\`);
    }, { secret, accept: [reader] });`,
  "./readers/django": `
    import { type SessionReader, withSession } from "with-session";
    import { django, type DjangoSessionStore } from "with-session/readers/django";
    declare const store: DjangoSessionStore | undefined;
    const reader: SessionReader = django<{ n: number }>({
      secretKey: secret,
      maxAge: 60,
      store,
      until: "2100-01-01",
      // @ts-expect-error What is read has no such key.
      map: ({ n, visits }) => ({ user: visits, data: { visits: n } }),
    });
    export const handle = withSession<Shop>((_request, session) => {
      const visits: number | undefined = session.get("visits");
      return new Response(\`\${visits}\`);
    }, { secret, accept: [reader] });`,
  "./readers/laravel": `
    import { type SessionReader, withSession } from "with-session";
    import { laravel, type LaravelSessionStore } from "with-session/readers/laravel";
    declare const store: LaravelSessionStore | undefined;
    const reader: SessionReader = laravel<{ n: number }>({
      key: "base64:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
      cipher: "AES-256-GCM",
      store,
      until: "2100-01-01",
      // @ts-expect-error What is read has no such key.
      map: ({ n, visits }) => ({ user: visits, data: { visits: n } }),
    });
    export const handle = withSession<Shop>((_request, session) => {
      const visits: number | undefined = session.get("visits");
      return new Response(\`\${visits}\`);
    }, { secret, accept: [reader] });`,
  "./readers/flask": `
    import { type SessionReader, withSession } from "with-session";
    import { flask } from "with-session/readers/flask";
    const reader: SessionReader = flask<{ n: number }>({
      secretKey: [secret],
      until: "2100-01-01",
      // @ts-expect-error What is read has no such key.
      map: ({ n, visits }) => ({ user: visits, data: { visits: n } }),
    });
    export const handle = withSession<Shop>((_request, session) => {
      const visits: number | undefined = session.get("visits");
      return new Response(\`\${visits}\`);
    }, { secret, accept: [reader] });`,
  "./readers/gorilla": `
    import { type SessionReader, withSession } from "with-session";
    import { gorilla } from "with-session/readers/gorilla";
    const reader: SessionReader = gorilla<{ n: number }>({
      keys: [{ hashKey: secret }, { hashKey: new Uint8Array(8), blockKey: undefined }],
      cookie: { name: "before" },
      until: "2100-01-01",
      // @ts-expect-error What is read has no such key.
      map: ({ n, visits }) => ({ user: visits, data: { visits: n } }),
    });
    export const handle = withSession<Shop>((_request, session) => {
      const visits: number | undefined = session.get("visits");
      return new Response(\`\${visits}\`);
    }, { secret, accept: [reader] });`,
  "./readers/better-auth": `
    import { type SessionReader, withSession } from "with-session";
    import {
      betterAuth,
      type BetterAuthCache,
    } from "with-session/readers/better-auth";
    declare const cache: BetterAuthCache;
    const reader: SessionReader = betterAuth({
      secret: [secret],
      find: async (token) => ({ session: { token } }),
      until: new Date(),
      map: ({ user, session }) => ({ user: user.id, data: { at: session.ipAddress } }),
    });
    const other: SessionReader = betterAuth<{ user: { n: number } }>({
      secret,
      cache,
      until: new Date(),
      // @ts-expect-error What is read has no such key.
      map: ({ user: { n, visits } }) => ({ user: visits, data: { visits: n } }),
    });
    export const handle = withSession<Shop>((_request, session) => {
      const visits: number | undefined = session.get("visits");
      return new Response(\`\${visits}\`);
    }, { secret, accept: [reader, other] });`,
  "./readers/lucia": `
    import { type SessionReader, withSession } from "with-session";
    import { lucia, type LuciaToken } from "with-session/readers/lucia";
    declare const token: LuciaToken;
    const reader: SessionReader = lucia<{ session: { n: number } }>({
      find: (id: string) => null,
      token,
      until: new Date(),
      // @ts-expect-error What is read has no such key.
      map: ({ session: { n, visits } }) => ({ user: visits, data: { visits: n } }),
    });
    export const handle = withSession<Shop>((_request, session) => {
      const visits: number | undefined = session.get("visits");
      return new Response(\`\${visits}\`);
    }, { secret, accept: [reader] });`,
  "./readers/secure-session": `
    import { type SessionReader, withSession } from "with-session";
    import {
      type OpenSecretbox,
      secureSession,
    } from "with-session/readers/secure-session";
    declare const open: OpenSecretbox;
    const reader: SessionReader = secureSession<{ n: number }>({
      key: new Uint8Array(32),
      open,
      until: new Date(),
      // @ts-expect-error What is read has no such key.
      map: ({ n, visits }) => ({ user: visits, data: { visits: n } }),
    });
    export const handle = withSession<Shop>((_request, session) => {
      const visits: number | undefined = session.get("visits");
      return new Response(\`\${visits}\`);
    }, { secret, accept: [reader] });`,
  "./testing": `
    import { type SessionOptions, withSession } from "with-session";
    import {
      Browser,
      createClock,
      createEventRecorder,
      createFaultyStore,
      describeStore,
      signedIn,
    } from "with-session/testing";
    import { MemoryStore } from "with-session/stores/memory";
    const clock = createClock();
    const open = () => ({ store: new MemoryStore({ now: clock.now }), ...clock });
    describeStore("a store", open, { without: ["reopen"] });
    // @ts-expect-error There is no such ability.
    describeStore("a store", open, { without: ["reopening"] });
    const { onEvent, of } = createEventRecorder();
    const faulty = createFaultyStore(new MemoryStore());
    faulty.on("all", "all", "throws");
    // @ts-expect-error There is no such fault.
    faulty.on("get", 1, "breaks");
    const typed: SessionOptions<{ n: number }> = {
      secret,
      onEvent,
      store: faulty.store,
    };
    const handler = withSession(() => new Response(), typed);
    signedIn("ada", { n: 1 }, typed).then(({ cookies }) =>
      new Browser(handler, { cookies }).post("/", { from: "https://a.example" })
    );
    // @ts-expect-error It is no number.
    signedIn("ada", { n: "1" }, typed);
    export const reasons = of("rejected").map(({ reason }) => reason);`,
};

/** A program with types for each door, by the names of the files. */
export function typedPrograms(ending: string): Record<string, string> {
  return Object.fromEntries(subpaths.map((subpath, index) => {
    const program = PROGRAMS[subpath] ?? programOfStore(subpath);
    return [`door${index}.${ending}`, HEAD + program];
  }));
}

const HEAD = `
    export interface Shop { visits: number }
    declare const secret: string;`;

function programOfStore(subpath: string): string {
  const name = storeOf(subpath);
  return `
    import { type SessionStore, withSession } from "with-session";
    import { ${name} } from "${nameOf(subpath)}";
    declare const given: ConstructorParameters<typeof ${name}>;
    const store: SessionStore = new ${name}(...given);
    export const handle = withSession((_request, session) => {
      return new Response(session.id);
    }, { secret, store });
    // @ts-expect-error A store has no such method.
    new ${name}(...given).getEverything();`;
}
