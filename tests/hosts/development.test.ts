import assert from "node:assert/strict";
import process from "node:process";
import { afterEach, beforeEach, describe, it, mock } from "node:test";
import { createSessions } from "../../mod.ts";
import { setUp } from "../shared/support.ts";

const url = "https://example.com/";
const isDeno = "Deno" in globalThis;

/** The name of the cookie that a request gets, if it gets one. */
async function nameFor(headers: Record<string, string>) {
  const sessions = createSessions(setUp().options);
  const request = new Request("http://localhost:3000/", { headers });
  const session = await sessions.open(request);
  session.set("a", 1);
  const response = await sessions.commit(session, new Response());
  return response.headers.getSetCookie()[0]?.split("=")[0];
}

const NEXT = {
  "x-forwarded-for": "::1",
  "x-forwarded-host": "localhost:3000",
  "x-forwarded-port": "3000",
  "x-forwarded-proto": "http",
};

describe("a development server that forwards to itself", () => {
  const before = process.env["NODE_ENV"];
  beforeEach(() => {
    process.env["NODE_ENV"] = "development";
  });
  afterEach(() => {
    if (before === undefined) delete process.env["NODE_ENV"];
    else process.env["NODE_ENV"] = before;
  });

  it("is development if all fields name this machine", async () => {
    // Deno would ask the user for the variable.
    const plain = isDeno ? undefined : "sid-3000";
    assert.equal(await nameFor(NEXT), plain);
    for (const address of ["127.0.0.1", "::ffff:127.0.0.1", "[::1]:5000"]) {
      assert.equal(
        await nameFor({ ...NEXT, "x-forwarded-for": address }),
        plain,
      );
    }
    assert.equal(
      await nameFor({ ...NEXT, "x-forwarded-for": "127.0.0.1, ::1" }),
      plain,
    );
  });

  it("is none if one of them names another, or another proxy", async () => {
    const others = [
      { "x-forwarded-for": "203.0.113.1" },
      { "x-forwarded-for": "203.0.113.1, 127.0.0.1" },
      { "x-forwarded-host": "example.com" },
      { "x-forwarded-host": "localhost.example.com" },
      { "x-real-ip": "127.0.0.1" },
      { via: "1.1 localhost" },
      { forwarded: "for=127.0.0.1" },
      { "x-forwarded-for": "" },
      { "cdn-loop": "cloudflare" },
    ];
    for (const other of others) {
      assert.equal(await nameFor({ ...NEXT, ...other }), undefined);
    }
    assert.equal(
      await nameFor({ ...NEXT, "x-forwarded-proto": "https" }),
      "__Host-sid",
    );
  });

  it("is none without NODE_ENV", async () => {
    for (const value of [undefined, "production", "test", ""]) {
      if (value === undefined) delete process.env["NODE_ENV"];
      else process.env["NODE_ENV"] = value;
      assert.equal(await nameFor(NEXT), undefined);
    }
  });
});

describe("a change that nobody commits", () => {
  it("is shown in development, with its place and without its value", async () => {
    const before = process.env["NODE_ENV"];
    mock.timers.enable({ apis: ["setTimeout"] });
    const warn = mock.method(console, "warn", () => {});
    try {
      for (const value of ["development", "production"]) {
        process.env["NODE_ENV"] = value;
        const { options } = setUp();
        const session = await createSessions(options).open(new Request(url));
        session.set("a", "secret-value");
        mock.timers.tick(10_000);
        const [call] = warn.mock.calls;
        warn.mock.resetCalls();
        assert.equal(!!call, value === "development" && !isDeno);
        const text = `${call?.arguments[0] ?? ""}`;
        if (text) assert.match(text, /not committed .*\n?.*development\.test/s);
        assert.doesNotMatch(text, /secret-value/);
      }
    } finally {
      mock.timers.reset();
      warn.mock.restore();
      if (before === undefined) delete process.env["NODE_ENV"];
      else process.env["NODE_ENV"] = before;
    }
  });
});
