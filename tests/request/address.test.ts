import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSessions } from "../../mod.ts";
import { setUp } from "../shared/support.ts";
import { withGlobal, withNodeEnv } from "../shared/surroundings.ts";

// Deno would ask its user for the variable: there, nothing is development.
const isAsked = !("Deno" in globalThis);

/** The name of the cookie that a request to this machine gets, if it gets one. */
async function nameFor(
  headers: Record<string, string>,
  environment = "development",
): Promise<string | undefined> {
  return await withNodeEnv(environment, () => nameHere(headers));
}

/** The same where the test runs. */
async function nameHere(
  headers: Record<string, string>,
): Promise<string | undefined> {
  const sessions = createSessions(setUp().options);
  const request = new Request("http://localhost:3000/", { headers });
  const session = await sessions.open(request);
  session.set("a", 1);
  const response = await sessions.commit(session, new Response());
  return response.headers.getSetCookie()[0]?.split("=")[0];
}

describe("an address on this machine", () => {
  it("is that of a page, though it has no path", async () => {
    const sessions = createSessions(setUp().options);
    const headers = new Headers();
    const session = await sessions.open({
      url: "http://localhost:3000",
      headers,
    });
    session.set("a", 1);
    const { cookies } = await sessions.commit(session);
    assert.equal(cookies[0]?.name, "sid-3000");
  });
});

/** What Next's own server says if the browser is on this machine. */
const NEXT = {
  "x-forwarded-for": "::1",
  "x-forwarded-host": "localhost:3000",
  "x-forwarded-port": "3000",
  "x-forwarded-proto": "http",
};

describe("a development server that forwards to itself", () => {
  const usual = isAsked ? "sid-3000" : undefined;

  it("is on this machine if all fields say so", async () => {
    const fields = {
      "x-forwarded-for": [
        "127.0.0.1",
        "127.0.0.1:5000",
        "::ffff:127.0.0.1",
        "[::1]:5000",
        "127.0.0.1, ::1",
        "127.0.0.1,::1",
      ],
      "x-forwarded-host": [
        "localhost",
        "LOCALHOST:3000",
        "my-app.localhost:3000",
        "a.b.localhost",
        "127.0.0.1:3000",
      ],
      "x-forwarded-port": ["80", "3000, 3000"],
      "x-forwarded-proto": ["HTTP", "http, http"],
    };
    assert.equal(await nameFor(NEXT), usual);
    for (const [name, values] of Object.entries(fields)) {
      for (const value of values) {
        const headers = { ...NEXT, [name]: value };
        assert.equal(await nameFor(headers), usual, `${name}: ${value}`);
      }
    }
  });

  it("is none if a field names another machine, or is another proxy's", async () => {
    const others = {
      "x-forwarded-for": [
        "203.0.113.1",
        "203.0.113.1, 127.0.0.1",
        "127.0.0.1, 203.0.113.1",
        "127.0.0.1.example.com",
        "",
      ],
      "x-forwarded-host": [
        "example.com",
        "localhost.example.com",
        "localhost:3000.example.com",
        "notlocalhost",
        "a b.localhost",
      ],
      "x-forwarded-port": ["http", "3000x"],
      "x-forwarded-proto": ["httpx", "other"],
      "old-x-forwarded-for": ["::1"],
      "old-x-forwarded-port": ["3000"],
      "x-real-ip": ["127.0.0.1"],
    };
    for (const [name, values] of Object.entries(others)) {
      for (const value of values) {
        const headers = { ...NEXT, [name]: value };
        assert.equal(await nameFor(headers), undefined, `${name}: ${value}`);
      }
    }
  });

  it("is none outside of development", async () => {
    for (const environment of ["production", "test", ""]) {
      assert.equal(await nameFor(NEXT, environment), undefined);
    }
    assert.equal(await nameFor({}, "production"), "sid-3000");
  });

  it("is none where nobody knows the environment, or may ask for it", async () => {
    const session = () => nameHere(NEXT);
    assert.equal(await withGlobal("process", undefined, session), undefined);
    assert.equal(await withGlobal("process", {}, session), undefined);
    if (!isAsked) return;
    const asDeno = () => nameFor(NEXT);
    assert.equal(await withGlobal("Deno", {}, asDeno), undefined);
  });
});
