import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import {
  type SessionEvent,
  type SessionOptions,
  withSession,
} from "../../mod.ts";
import { read } from "../project/manifests.ts";
import { lineOf, markedSecret, tokenOf, typesOf } from "../shared/support.ts";
import { found, type Proxy, startNginx } from "./nginx.ts";

/** The lines of docs/node.md. */
const documented = read("docs/node.md").match(/^ +proxy_(?!pass).*;$/gm) ?? [];
/** What people write beside `proxy_pass`. */
const SITES = {
  "documented.example": documented.join(" "),
  "bare.example": "",
  "proto.example": "proxy_set_header X-Forwarded-Proto $scheme;",
  "forwarded.example": 'proxy_set_header Forwarded "proto=$scheme";',
  "for.example": "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
  "host.example":
    "proxy_set_header Host $host; proxy_set_header X-Forwarded-Proto $scheme;",
} as const;

let handle: (request: Request) => Promise<Response>;
/** What a session keeps besides. */
let fill: string | undefined;
const events: SessionEvent[] = [];

/** A program on this machine that knows of no proxy. */
function run(options: Omit<Partial<SessionOptions>, "lazy"> = {}): void {
  events.splice(0);
  handle = withSession(
    (_request, session) => {
      const visits = session.update("n", (n = 0) => n + 1);
      if (fill) session.set("a", fill);
      return new Response(`Visit ${visits}`);
    },
    {
      secret: markedSecret(),
      onEvent: (event) => void events.push(event),
      ...options,
    },
  );
}

describe("behind nginx", { skip: found.skip }, () => {
  let server: Server;
  let proxy: Proxy;

  before(async () => {
    run();
    server = createServer(async ({ method = "GET", url, headers }, answer) => {
      const address = `http://${headers.host}${url}`;
      const fields = Object.entries(headers) as [string, string][];
      const sent = new Request(address, { method, headers: fields });
      const response = await handle(sent);
      const cookies = response.headers.getSetCookie();
      answer.writeHead(response.status, { "set-cookie": cookies });
      answer.end(await response.text());
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    proxy = await startNginx(port, SITES);
  });
  after(async () => {
    await proxy?.stop();
    server?.close();
  });

  it("gets the secure cookie where nginx says that it is on https", async () => {
    for (const site of ["proto.example", "forwarded.example"]) {
      run();
      const first = await proxy.ask(site);
      assert.match(lineOf(first), /^__Host-sid=.*; Secure;/);
      const cookie = `__Host-sid=${tokenOf(first)}`;
      const second = await proxy.ask(site, "GET", { cookie });
      assert.equal(await second.text(), "Visit 2");
      assert.deepEqual(typesOf(events), ["created", "opened"]);
    }
  });

  it("gets no cookie where nginx does not say so", async () => {
    for (const site of ["for.example", "host.example"]) {
      run();
      const response = await proxy.ask(site);
      assert.deepEqual(response.headers.getSetCookie(), []);
      assert.deepEqual(typesOf(events), ["insecure"]);
    }
  });

  it("is told where nothing shows that there is nginx", async () => {
    run();
    await proxy.ask("bare.example");
    await proxy.ask("bare.example");
    const told = typesOf(events).filter((type) => type === "local");
    assert.deepEqual(told, ["local"]);
  });

  it("gets the secure cookie with secure: true, whatever nginx says", async () => {
    for (const site of Object.keys(SITES)) {
      run({ cookie: { secure: true } });
      const first = await proxy.ask(site);
      assert.match(lineOf(first), /^__Host-sid=.*; Secure;/);
      const cookie = `__Host-sid=${tokenOf(first)}`;
      const second = await proxy.ask(site, "GET", { cookie });
      assert.equal(await second.text(), "Visit 2");
      assert.equal(typesOf(events).includes("local"), false);
    }
  });

  it("takes full cookies and forms by the lines of docs/node.md", async () => {
    assert.equal(documented.length, 3);
    const origin = "https://documented.example";
    run({ cookie: { secure: true }, csrf: [origin] });
    fill = "a".repeat(2960);
    const response = await proxy.ask("documented.example", "POST", { origin });
    fill = undefined;
    assert.equal(await response.text(), "Visit 1");
    assert.match(lineOf(response), /^__Host-sid=.{4000,}; Secure;/);
    const other = { origin: "https://evil.example" };
    const refused = await proxy.ask("documented.example", "POST", other);
    assert.equal(refused.status, 403);
  });

  it("takes a session in parts, as long as it may be, by these lines", async () => {
    run({ cookie: { secure: true }, overflow: "parts" });
    let length = 5_300;
    const count = handle;
    handle = (request) => count(request).catch(() => new Response("507"));
    let first: Response;
    do {
      fill = "a".repeat(--length);
      first = await proxy.ask("documented.example");
    } while (await first.text() === "507");
    fill = undefined;
    assert.equal(first.status, 200, "nginx has taken the answer");
    const cookie = first.headers.getSetCookie()
      .map((line) => line.split(";")[0]).join("; ");
    assert.ok(cookie.length > 7_160 && cookie.length <= 7_168);
    const second = await proxy.ask("documented.example", "GET", { cookie });
    assert.equal(await second.text(), "Visit 2", "and the next request");
    const other = { cookie: `${cookie}; other=${"x".repeat(1_100)}` };
    const third = await proxy.ask("documented.example", "GET", other);
    assert.equal(third.status, 400, "and no more of other cookies than 1 kB");
  });

  it("is told why a form of its own got 403, and how to mend it", async () => {
    const headers = { origin: "https://host.example" };
    run({ csrf: true });
    const refused = await proxy.ask("host.example", "POST", headers);
    assert.equal(refused.status, 403);
    assert.match(await refused.text(), /proxy.*csrf/);
    assert.deepEqual(events.splice(0), [
      { type: "forbidden", reason: "scheme" },
    ]);
    run({ csrf: [headers.origin] });
    const taken = await proxy.ask("host.example", "POST", headers);
    assert.equal(taken.status, 200);
  });

  it("has 4 kB for the headers of an answer: cookie.maxBytes is for that", async () => {
    const statusOf = async (letters: number, maxBytes?: number) => {
      run({ cookie: { secure: true, maxBytes } });
      const count = handle;
      handle = (request) => count(request).catch(() => new Response("507"));
      fill = "x".repeat(letters);
      const response = await proxy.ask("proto.example");
      fill = undefined;
      return [response.status, await response.text()];
    };
    assert.equal((await statusOf(2200))[0], 200);
    assert.equal((await statusOf(2950))[0], 502);
    // {"n":1,"a":"…"} has 14 characters more.
    assert.deepEqual(await statusOf(2222 - 14, 3072), [200, "Visit 1"]);
    assert.deepEqual(await statusOf(2223 - 14, 3072), [200, "507"]);
  });
});
