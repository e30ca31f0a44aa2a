// What `npm start` runs: in this process with a clock that the tests move, and
// as a program in Deno.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { openToken, storeKey } from "../../demo/open_token.ts";
import { createSite } from "../../demo/site.ts";
import { Clock, markedSecret } from "../shared/support.ts";
import {
  all,
  type Demo,
  npmStart,
  type Page,
  startDemo,
  verdicts,
  Visitor,
} from "./demo_visitor.ts";
import { root, start } from "./process.ts";

delete process.env["SESSION_SECRET"];

const ORIGIN = "https://demo.example";

/** What becomes of two stars at once, and of a late star after a sign-out. */
const OTHER = ["1 star of 2 lost", "The sign-out is undone"];
const KEPT = [
  "Every star is kept",
  "Stays signed out, and the late star was told so",
];
const OUTCOMES: Record<string, string[]> = {
  memory: KEPT,
  sqlite: KEPT,
  "deno-kv": KEPT,
  // Nobody can merge these.
  cookie: ["1 star of 2 lost", KEPT[1] as string],
  kv: ["1 star of 2 lost", KEPT[1] as string],
};

async function openSite() {
  const clock = new Clock();
  const now = () => clock.now;
  const { fetch } = await createSite({ secret: markedSecret(), now });
  const visitor = () => new Visitor(fetch, ORIGIN, now);
  return { clock, fetch, visitor };
}

async function choose(visitor: Visitor, kind: string): Promise<Page> {
  await visitor.send("/choose", { kind, back: "/" });
  return await visitor.open("/");
}

const devicesOf = (page: Page) => all(page, /<li>\s*<p>([^]*?)<small>/g);
const noticesOf = (page: Page) =>
  all(page, /class="notice"[^>]*>([^]*?)<\/p>/g);
const eventsOf = (page: Page) =>
  all(page, /<li>\s*<time[^]*?<code>([^<]+)<\/code>/g);

describe("npm start", { timeout: 60_000 }, () => {
  let server: Demo;
  before(async () => {
    server = await startDemo();
  });
  after(() => server?.stop());

  it("counts the visits of a browser, and of curl", async () => {
    const curl = await fetch(server.origin);
    assert.equal(curl.status, 200);
    assert.equal(await curl.text(), "Visit 1, not signed in\n");
    assert.match(curl.headers.getSetCookie().join(), /^sid-\d+=A.*HttpOnly/);
    const [cookie = ""] = curl.headers.getSetCookie()[0]?.split(";") ?? [];
    const again = await fetch(server.origin, { headers: { cookie } });
    assert.equal(await again.text(), "Visit 2, not signed in\n");

    const visitor = new Visitor(fetchFrom, server.origin);
    assert.match((await visitor.open("/")).text, /<title>Visit 1 /);
    assert.match((await visitor.open("/")).text, /<strong>Visit 2</);
  });

  for (const [kind, outcome] of Object.entries(OUTCOMES)) {
    it(`${kind}: signs in and out, and plays the races`, async () => {
      const visitor = new Visitor(fetchFrom, server.origin);
      assert.match((await choose(visitor, kind)).text, /stranger/);
      const page = await visitor.send("/sign-in", { name: "Ada" });
      assert.match(page.text, /Hello, Ada/);
      assert.deepEqual(noticesOf(page), ["Welcome, Ada"]);
      assert.deepEqual(noticesOf(await visitor.open("/")), []);
      assert.match((await visitor.open("/cookie")).text, /<h3>Tag/);

      const played = [];
      for (const play of ["update", "sign-out"]) {
        played.push(verdicts(await visitor.send("/race/play", { play })));
      }
      const expected = outcome.map((ours, place) => [ours, OTHER[place]]);
      assert.deepEqual(played, expected);
      // The race has a session of its own.
      assert.match((await visitor.open("/")).text, /Hello, Ada/);
      assert.match((await visitor.send("/sign-out")).text, /Hello, stranger/);
    });
  }

  it("says that a port is taken, and how to choose another", async () => {
    const { port } = new URL(server.origin);
    const output = await refusal({ PORT: port });
    assert.match(output, new RegExp(`^Port ${port} is taken`, "m"));
    assert.match(output, /^ {2}PORT=\d+ npm start$/m);
  });

  it("says what is wrong with a port or a secret, without a stack", async () => {
    assert.match(await refusal({ PORT: "http" }), /^PORT must be a number/m);
    assert.match(
      await refusal({ PORT: "0", SESSION_SECRET: "" }),
      /^Option secret .*SESSION_SECRET/m,
    );
  });
});

async function fetchFrom(request: Request): Promise<Response> {
  return await fetch(request, { redirect: "manual" });
}

/** What a start prints that fails. */
async function refusal(env: Record<string, string>): Promise<string> {
  const { child, output } = start(npmStart, { env });
  const [code] = await once(child, "close");
  assert.equal(code, 1, output());
  assert.doesNotMatch(output(), /^\s+at /m);
  return output();
}

describe("the demo", () => {
  it("remembers for 30 days whoever asks for it", async () => {
    const { clock, visitor } = await openSite();
    const [short, long] = [visitor(), visitor()];
    await short.send("/sign-in", { name: "Ada" });
    await long.send("/sign-in", { name: "Ada", remember: "on" });
    clock.advance(29 * 86_400);
    assert.match((await short.open("/")).text, /Hello, stranger/);
    assert.match((await long.open("/")).text, /Hello, Ada/);
  });

  it("signs out one device, or all", async () => {
    const { visitor } = await openSite();
    const here = visitor();
    await here.send("/sign-in", { name: "Ada" });
    const page = await here.send("/devices/add");
    assert.deepEqual(devicesOf(page).toSorted(), [
      "A phone, made up",
      "Firefox on Linux this one",
    ]);
    const [phone = ""] = all(
      page,
      /made up<\/strong>[^]*?name="id" value="([^"]+)"/g,
    );
    const after = await here.send("/devices/end", { id: phone });
    assert.deepEqual(devicesOf(after), ["Firefox on Linux this one"]);
    assert.ok(eventsOf(after).includes("revoked"));

    await here.send("/devices/add");
    assert.match((await here.send("/devices/end-all")).text, /stranger/);
    const again = await here.send("/sign-in", { name: "Ada" });
    assert.deepEqual(devicesOf(again), ["Firefox on Linux this one"]);
  });

  it("signs another browser in by a link, once, and out from afar", async () => {
    const { clock, visitor } = await openSite();
    const [one, other, third] = [visitor(), visitor(), visitor()];
    await choose(one, "sqlite");
    await one.send("/sign-in", { name: "Ada" });
    const [link = ""] = all(
      await one.send("/invite"),
      /href="([^"]+code=[^"]+)"/g,
    );
    const code = new URL(link).searchParams.get("code") ?? "";
    assert.match((await other.open(link)).text, /Sign in as Ada\?/);
    const page = await other.send("/join", { code });
    assert.match(page.text, /Hello, Ada/);
    assert.equal(devicesOf(page).length, 2);

    await third.open(link);
    assert.match((await third.send("/join", { code })).text, /stranger/);
    const [late = ""] = all(
      await one.send("/invite"),
      /href="([^"]+code=[^"]+)"/g,
    );
    clock.advance(301);
    assert.match((await third.open(late)).text, /used up/);

    await one.send("/devices/end-all");
    assert.match((await other.open("/")).text, /Hello, stranger/);
  });

  it("shows nothing of a visitor to another one of the same name", async () => {
    const { visitor } = await openSite();
    const [one, other] = [visitor(), visitor()];
    await one.send("/sign-in", { name: "Ada" });
    const page = await one.send("/devices/add");
    const ids = all(page, /name="id" value="([^"]+)"/g);
    const empty = await other.send("/sign-in", { name: "Ada" });
    assert.equal(devicesOf(empty).length, 1);
    assert.deepEqual(eventsOf(empty), ["created"]);
    for (const id of ids) {
      assert.deepEqual(noticesOf(await other.send("/devices/end", { id })), [
        "It was gone",
      ]);
    }
    await other.send("/devices/end-all");
    assert.equal(devicesOf(await one.open("/")).length, 2);
    for (const id of ids) {
      assert.ok(!(await other.open("/cookie")).text.includes(id));
    }
  });

  it("tells each visitor's events live, and to nobody else", async () => {
    const { visitor } = await openSite();
    const [one, other] = [visitor(), visitor()];
    await one.open("/");
    await other.open("/");
    const lines = [listen(one), listen(other)];
    await one.send("/sign-in", { name: "Ada" });
    // What follows is told to who comes again, with the next session's cookie.
    await one.send("/sign-out");
    await other.send("/sign-out");
    assert.deepEqual(await Promise.all(lines), [
      ["opened POST /sign-in", "opened GET /"],
      [],
    ]);
    assert.deepEqual(eventsOf(await one.open("/")).slice(0, 4), [
      "opened",
      "created",
      "destroyed",
      "opened",
    ]);
  });

  it("listens for nobody who has no session", async () => {
    const { visitor } = await openSite();
    const { status } = await visitor().browser.get("/events");
    assert.equal(status, 204);
  });

  it("shows no whole token, and not what is secret of the id", async () => {
    const { visitor } = await openSite();
    for (const kind of ["memory", "cookie", "sqlite", "kv"]) {
      const here = visitor();
      await choose(here, kind);
      await here.send("/sign-in", { name: "Ada" });
      const name = kind === "memory" ? "__Host-sid" : `__Host-${kind}`;
      const token = here.browser.cookie(name) ?? "";
      const { text } = await here.open("/cookie");
      assert.match(text, /<h3>Nonce/);
      assert.ok(text.includes(`${token.slice(0, 24)}<`));
      assert.ok(!text.includes(token.slice(0, 25)));
      const hex = [...Buffer.from(token, "base64url")].map((byte) =>
        byte.toString(16).padStart(2, "0")
      );
      const shown = text.replace(/<[^>]*>/g, "");
      assert.ok(shown.includes(hex.slice(29, 53).join(" ")));
      assert.ok(!shown.includes(hex.slice(29, 54).join(" ")));
      assert.ok(shown.includes(hex.slice(-16).join(" ")));
    }
  });

  it("shows encrypted data as the store has it", async () => {
    const { visitor } = await openSite();
    const here = visitor();
    await choose(here, "memory");
    assert.match((await here.open("/cookie")).text, /visits/);
    await choose(here, "sqlite");
    assert.doesNotMatch((await here.open("/cookie")).text, /visits/);
  });

  it("shows how far behind the late KV is, by the slider", async () => {
    const { clock, visitor } = await openSite();
    const here = visitor();
    await here.send("/choose", { kind: "kv", delay: "60", back: "/" });
    const answers = (page: Page) => all(page, /<dd>([^<]+)<\/dd>/g);
    await here.open("/?at=0");
    assert.deepEqual(answers(await here.open("/?at=1")), [
      "3 visits",
      "2 visits",
      "nothing yet",
    ]);
    clock.advance(61);
    assert.deepEqual(answers(await here.open("/?at=0")), [
      "4 visits",
      "3 visits",
      "3 visits",
    ]);
    const page = await here.send("/choose", { kind: "kv", delay: "5" });
    assert.match(page.text, /value="5"[^]*<output for="delay">5 s/);
  });

  it("keeps no choice that there is not", async () => {
    const { fetch } = await openSite();
    for (const kind of ["x".repeat(10_000), "__proto__", "cookie\n", ""]) {
      const response = await fetch(
        new Request(`${ORIGIN}/choose`, {
          method: "POST",
          body: new URLSearchParams({ kind, back: "//evil.example" }),
        }),
      );
      assert.equal(response.headers.get("location"), "/");
      const [line = ""] = response.headers.getSetCookie();
      assert.match(line, /^demo-store=memory\.30;/);
    }
  });

  it("holds a slow request until somebody lets it go", async () => {
    const { visitor } = await openSite();
    const here = visitor();
    await here.send("/race/start");
    const slow = here.send("/race/slow");
    await isHeld(here);
    await here.send("/race/star");
    await here.send("/race/release");
    await slow;
    assert.deepEqual(verdicts(await here.open("/race")), [
      "Every star is kept",
      "1 star of 2 lost",
    ]);
    // A new race lets go of what is held, and counts none of it.
    const other = here.send("/race/slow");
    await isHeld(here);
    await here.send("/race/start");
    await other;
    assert.deepEqual(verdicts(await here.open("/race")), []);
  });

  it("shows a name as text", async () => {
    const { visitor } = await openSite();
    const name = `<b>"Ada" & 'Co'</b>`;
    const { text } = await visitor().send("/sign-in", { name });
    assert.match(
      text,
      /<h1>Hello, &#60;b&#62;&#34;Ada&#34; &#38; &#39;Co&#39;/,
    );
    assert.doesNotMatch(text, /<b>"Ada/);
  });

  it("refuses what another site sends", async () => {
    const { fetch, visitor } = await openSite();
    const here = visitor();
    await here.send("/sign-in", { name: "Ada" });
    const paths = ["/sign-out", "/devices/end-all", "/invite", "/join"];
    const more = ["/race/start", "/race/play", "/choose"];
    for (const path of [...paths, ...more]) {
      const response = await here.browser.post(path, {
        body: new URLSearchParams({ kind: "cookie" }),
        headers: { "sec-fetch-site": "cross-site" },
      });
      assert.equal(response.status, 403, path);
    }
    assert.match((await here.open("/")).text, /Hello, Ada/);
    const odd = new Request(`${ORIGIN}/race/play`);
    assert.equal((await fetch(odd)).status, 404);
  });

  it("fails at nothing that a stranger sends", async () => {
    const { fetch } = await openSite();
    const paths = [
      "/",
      "/cookie",
      "/race",
      "/join?code=x",
      "/events",
      "/?at=9",
    ];
    const cookies = ["__Host-sid=x", "demo-store=nothing.99", "naive=1", ";;="];
    for (const path of [...paths, "/%00", "/nothing", "/race/nothing"]) {
      for (const method of ["GET", "HEAD", "POST", "PUT"]) {
        for (const cookie of cookies) {
          const headers = { cookie, accept: "text/html" };
          const body = method === "POST" ? { body: "{}" } : {};
          const request = new Request(ORIGIN + path, {
            method,
            headers,
            ...body,
          });
          const { status } = await fetch(request);
          assert.ok(status < 500, `${method} ${path} ${cookie}: ${status}`);
        }
      }
    }
  });
});

async function isHeld(visitor: Visitor): Promise<void> {
  let text = "";
  while (!text.includes("1 request held")) {
    ({ text } = await visitor.open("/race"));
  }
}

/** What the log tells a visitor, until the session has another id. */
async function listen({ browser }: Visitor): Promise<string[]> {
  const { body } = await browser.get("/events?after=1");
  const text = await new Response(body).text();
  return [...text.matchAll(/^data: (.*)$/gm)].map(([, data = ""]) => {
    const line = { status: 200, text: JSON.parse(data) };
    return all(line, /<(?:code|small)>([^<]*)/g).join(" ");
  });
}

describe("openToken()", () => {
  interface Vector {
    secret: { utf8?: string };
    name: string;
    purpose: string;
    bind: string[];
    sid: string;
    json: string;
    storeKey?: string;
    token: string;
  }
  const path = join(root, "tests/vectors/seal-v1.json");
  const { positive } = JSON.parse(readFileSync(path, "utf8"));
  const vectors = (positive as Vector[]).filter(({ secret }) => secret.utf8);

  it("opens the vectors, as docs/security.md describes it", async () => {
    assert.ok(vectors.length > 2);
    for (const { secret, name, purpose, bind, sid, json, ...rest } of vectors) {
      const context = [purpose, name, ...bind];
      const opened = await openToken(rest.token, secret.utf8 ?? "", context);
      assert.equal(opened?.body.text, json);
      const id = Uint8Array.from(Buffer.from(sid, "hex"));
      assert.deepEqual(opened?.body.sid, id);
      if (rest.storeKey) assert.equal(await storeKey(id), rest.storeKey);
      const bytes = opened?.fields.flatMap((field) => [...field.bytes]) ?? [];
      assert.equal(Buffer.from(bytes).toString("base64url"), rest.token);
      for (const wrong of [["store", name], [purpose, `${name}x`]]) {
        assert.equal(
          await openToken(rest.token, secret.utf8 ?? "", wrong),
          undefined,
        );
      }
    }
  });
});
