import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createSessions,
  type Session,
  type SessionEvent,
  type SessionOptions,
  withSession,
} from "../../mod.ts";
import { Browser } from "../../testing/browser.ts";
import { cryptoCalls } from "../shared/crypto_calls.ts";
import { type Bench, setUp, typesOf } from "../shared/support.ts";

const NAME = "__Host-sid";
const PARTS = ["", ".1", ".2", ".3", ".4", ".5", ".6", ".7", ".8"].map(
  (end) => NAME + end,
);
/** What gives a session of 12 kB room. */
const WIDE = { most: 9, maxBytes: 30_000 };

interface Visitor extends Bench {
  readonly browser: Browser;
  /** The values of our cookies that the browser has, by name. */
  cookies(): Record<string, string>;
}

function visit(
  overflow: SessionOptions["overflow"] = "parts",
  more: Partial<Omit<SessionOptions, "lazy">> = {},
): Visitor {
  const bench = setUp({ overflow, ...more });
  const handler = withSession((request, session) => {
    const url = new URL(request.url);
    return act(session, url.pathname, Number(url.searchParams.get("n")));
  }, bench.options);
  const browser = new Browser(handler, { now: () => bench.clock.now });
  const cookies = () =>
    Object.fromEntries(
      PARTS.map((name) => [name, browser.cookie(name)])
        .filter(([, value]) => value),
    );
  return { ...bench, browser, cookies };
}

function act(session: Session, path: string, n: number): Response {
  if (path === "/fill") session.set("text", textOf(n));
  if (path === "/note") session.set("note", n);
  if (path === "/out") session.destroy();
  if (path === "/out") return new Response();
  return Response.json([
    String(session.get("text") ?? "").length,
    session.get("note") ?? null,
  ]);
}

/** Not all letters the same, so that a mixed text would show. */
function textOf(n: number): string {
  return Array.from({ length: n }, (_, i) => (i % 36).toString(36)).join("");
}

async function seen({ browser }: Visitor): Promise<unknown> {
  return await (await browser.get("/look")).json();
}

function lines(response: Response): string[] {
  return response.headers.getSetCookie().map((line) =>
    line.replace(/=([^;]{12})[^;]*/, "=$1…")
  );
}

describe("A session in several cookies", () => {
  it("comes back in every size from 100 bytes to 12 kB", async () => {
    for (let n = 100; n <= 12_300; n += 437) {
      const visitor = visit(WIDE);
      await visitor.browser.get(`/fill?n=${n}`);
      assert.deepEqual(await seen(visitor), [n, null]);
      const cookies = Object.entries(visitor.cookies());
      for (const [name, value] of cookies) {
        assert.ok(name.length + value.length <= 4_096, name);
      }
      assert.ok(
        cookies.length === Math.ceil((n * 4 / 3 + 110) / 4_080),
        `${n}: ${cookies.length}`,
      );
      assert.deepEqual(typesOf(visitor.events), ["created", "opened"]);
    }
  });

  it("is in one cookie while it fits, as without the option", async () => {
    const visitor = visit();
    const response = await visitor.browser.get("/fill?n=2900");
    assert.equal(response.headers.getSetCookie().length, 1);
    assert.match(visitor.cookies()[NAME] ?? "", /^[\w-]+$/);
    const { options } = visitor;
    const plain = withSession(
      (_request, session) => Response.json(session.get("text")),
      { ...options, overflow: "error" },
    );
    const answer = await plain(
      new Request("https://example.com/", {
        headers: { cookie: `${NAME}=${visitor.cookies()[NAME]}` },
      }),
    );
    assert.equal(await answer.json(), textOf(2_900));
  });

  it("has the attributes of one cookie on each, and the first last", async () => {
    const visitor = visit("parts", { idleTimeout: 600, persistent: true });
    const response = await visitor.browser.get("/fill?n=5000");
    const rest = "Max-Age=600; Path=/; HttpOnly; Secure; SameSite=Lax";
    assert.deepEqual(
      lines(response).map((line) => line.replace(/=.*?…/, "")),
      [`${NAME}.1; ${rest}`, `${NAME}; ${rest}`],
    );
    assert.equal(response.headers.get("cache-control"), "no-store");
  });

  it("goes back to one cookie when it shrinks", async () => {
    const visitor = visit();
    await visitor.browser.get("/fill?n=5000");
    assert.deepEqual(Object.keys(visitor.cookies()), PARTS.slice(0, 2));
    const response = await visitor.browser.get("/fill?n=50");
    assert.deepEqual(
      lines(response)[0],
      `${NAME}.1=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax`,
    );
    assert.deepEqual(Object.keys(visitor.cookies()), [NAME]);
    assert.deepEqual(await seen(visitor), [50, null]);
  });

  it("gives away the last of its parts when it needs fewer", async () => {
    const visitor = visit(WIDE);
    for (const [n, count] of [[11_000, 4], [5_000, 2], [8_000, 3]] as const) {
      await visitor.browser.get(`/fill?n=${n}`);
      assert.deepEqual(Object.keys(visitor.cookies()), PARTS.slice(0, count));
      assert.deepEqual(await seen(visitor), [n, null]);
    }
  });

  it("takes all its parts along when it ends", async () => {
    const visitor = visit(WIDE);
    await visitor.browser.get("/fill?n=11000");
    await visitor.browser.get("/out");
    assert.deepEqual(visitor.cookies(), {});
  });

  it("takes them along if the request that ends it fails", async () => {
    const { options, clock } = setUp({ overflow: WIDE });
    const sessions = createSessions(options);
    const browser = new Browser(async (request) => {
      const session = await sessions.open(request);
      if (new URL(request.url).pathname !== "/out") {
        session.set("text", textOf(9_000));
        return await sessions.commit(session, new Response());
      }
      session.destroy();
      await sessions.discard(session);
      return await sessions.commit(session, new Response("sorry"));
    }, { now: () => clock.now });
    await browser.get("/");
    assert.ok(browser.cookie(PARTS[2] ?? ""));
    await browser.get("/out");
    for (const name of PARTS) assert.equal(browser.cookie(name), undefined);
  });

  it("is sealed anew as a whole when its idle timeout moves", async () => {
    const visitor = visit();
    await visitor.browser.get("/fill?n=5000");
    const before = visitor.cookies();
    visitor.clock.advance(43_201);
    assert.deepEqual(await seen(visitor), [5_000, null]);
    const after = visitor.cookies();
    assert.deepEqual(Object.keys(after), Object.keys(before));
    for (const name in before) assert.notEqual(after[name], before[name]);
    visitor.clock.advance(80_000);
    assert.deepEqual(await seen(visitor), [5_000, null]);
  });

  it("is on http from this machine, too, by the name without prefix", async () => {
    const bench = setUp({ overflow: "parts" });
    const handler = withSession((request, session) => {
      const { pathname, searchParams } = new URL(request.url);
      return act(session, pathname, Number(searchParams.get("n")));
    }, bench.options);
    const browser = new Browser(handler, {
      origin: "http://localhost:3000",
      now: () => bench.clock.now,
    });
    await browser.get("/fill?n=5000");
    assert.ok(browser.cookie("sid-3000.1"));
    const response = await browser.get("/look");
    assert.deepEqual(await response.json(), [5_000, null]);
  });

  it("is shorter where it is compressed, and cut all the same", async () => {
    const visitor = visit(WIDE, { compress: true });
    await visitor.browser.get("/fill?n=12000");
    assert.equal(Object.keys(visitor.cookies()).length, 1);
    const { options } = setUp({ overflow: WIDE, compress: true });
    const noise = Array.from(
      crypto.getRandomValues(new Uint8Array(6_000)),
      (byte) => byte.toString(16).padStart(2, "0"),
    ).join("");
    const counts = new Map<boolean, number>();
    for (const compress of [true, false]) {
      const handler = withSession((_request, session) => {
        if (session.isNew) session.set("noise", noise);
        return new Response(session.get("noise") as string);
      }, { ...options, compress });
      const browser = new Browser(handler, { now: () => visitor.clock.now });
      await browser.get();
      assert.equal(await (await browser.get()).text(), noise);
      const count = PARTS.filter((name) => browser.cookie(name)).length;
      counts.set(compress, count);
    }
    assert.deepEqual([...counts], [[true, 3], [false, 4]]);
  });

  it("is a token of its whole length where it goes without a cookie", async () => {
    const sessions = createSessions(setUp({ overflow: WIDE }).options);
    const session = sessions.create();
    session.set("text", textOf(9_000));
    const token = await sessions.seal(session);
    const again = await sessions.unseal(token);
    assert.equal(again?.get("text"), textOf(9_000));
  });
});

describe("A session that is too long for its parts", () => {
  const refused = async (
    overflow: SessionOptions["overflow"],
    n: number,
  ): Promise<{ message: string; events: SessionEvent[] }> => {
    const { browser, events } = visit(overflow);
    const error = await browser.get(`/fill?n=${n}`).then(
      () => assert.fail(`${n} fit`),
      (error) => error,
    );
    assert.equal(error.code, "oversize");
    return { message: error.message, events };
  };

  it("is refused beyond what maxBytes says, whole cookies included", async () => {
    const visitor = visit();
    await visitor.browser.get("/fill?n=5200");
    const { message } = await refused("parts", 5_300);
    assert.match(
      message,
      /^Cookie of \d+ bytes, 7168 at most: use store or overflow; largest keys: t/,
    );
    const sum = Object.entries(visitor.cookies()).map((pair) => pair.join("="));
    assert.ok(sum.join("; ").length <= 7_168);
    assert.ok(sum.join("; ").length > 7_000);
  });

  it("is refused beyond what most says", async () => {
    const { browser } = visit({ most: 2, maxBytes: 20_000 });
    await browser.get("/fill?n=5900");
    const { message } = await refused({ most: 2, maxBytes: 20_000 }, 6_100);
    assert.match(message, / 8192 at most/);
  });

  it("leaves the cookies of before as they are", async () => {
    const visitor = visit();
    await visitor.browser.get("/fill?n=5000");
    const before = visitor.cookies();
    await assert.rejects(visitor.browser.get("/fill?n=9000"));
    assert.deepEqual(visitor.cookies(), before);
    assert.deepEqual(await seen(visitor), [5_000, null]);
  });
});

describe("Parts that do not belong together", () => {
  /** What a request with these cookies sees, and which events it makes. */
  async function ask(
    { options, events }: Visitor,
    cookies: readonly (readonly [string, string | undefined])[],
    headers: Record<string, string> = { "sec-fetch-dest": "document" },
  ): Promise<{ sees: unknown; events: string[]; removed: string[] }> {
    events.splice(0);
    const handler = withSession(
      (_request, session) => act(session, "/look", 0),
      options,
    );
    const cookie = cookies.map((pair) => pair.join("=")).join("; ");
    const response = await handler(
      new Request("https://example.com/", { headers: { ...headers, cookie } }),
    );
    return {
      sees: await response.json(),
      events: events.splice(0).map((event) =>
        "reason" in event ? `${event.type}: ${event.reason}` : event.type
      ),
      removed: response.headers.getSetCookie()
        .filter((line) => line.includes("Max-Age=0"))
        .map((line) => line.split("=")[0] ?? ""),
    };
  }

  const REFUSED = [0, null];

  async function two(): Promise<[Visitor, Record<string, string>[]]> {
    const visitor = visit(WIDE);
    const all = [];
    for (const n of [8_000, 8_001]) {
      await visitor.browser.get(`/fill?n=${n}`);
      all.push(visitor.cookies());
    }
    return [visitor, all];
  }

  it("are refused if one is missing, with an event, and removed", async () => {
    const [visitor, [one = {}]] = await two();
    for (const lost of PARTS.slice(0, 3)) {
      const rest = Object.entries(one).filter(([name]) => name !== lost);
      const { sees, events, removed } = await ask(visitor, rest);
      assert.deepEqual(sees, REFUSED);
      assert.deepEqual(events, ["rejected: parts"], lost);
      const highest = lost.endsWith(".2") ? 1 : 2;
      assert.deepEqual(removed.sort(), PARTS.slice(0, highest + 1), lost);
    }
  });

  it("are eight beside the first at most: others are of another program", async () => {
    const [visitor, [one = {}]] = await two();
    const all = [...Object.entries(one), [`${NAME}.9`, "AAAAAAAA.b"]] as const;
    const { sees } = await ask(visitor, all);
    assert.deepEqual(sees, [8_000, null]);
    const [, ...rest] = all;
    const { removed } = await ask(visitor, rest);
    assert.deepEqual(removed.sort(), PARTS.slice(0, 3));
  });

  it("are refused if they are of an earlier answer", async () => {
    const [visitor, [one = {}, other = {}]] = await two();
    for (const stale of PARTS.slice(0, 3)) {
      const mixed = { ...other, [stale]: one[stale] };
      const { sees, events } = await ask(visitor, Object.entries(mixed));
      assert.deepEqual(sees, REFUSED);
      assert.deepEqual(events, ["rejected: parts"], stale);
    }
  });

  it("are refused if they have changed places", async () => {
    const [visitor, [one = {}]] = await two();
    const [a = "", b = "", c = ""] = PARTS;
    const swapped = { [a]: one[a], [b]: one[c], [c]: one[b] };
    const { sees, events } = await ask(visitor, Object.entries(swapped));
    assert.deepEqual(sees, REFUSED);
    assert.deepEqual(events, ["rejected: forged"]);
  });

  it("are refused with any letter changed, or with another count", async () => {
    const [visitor, [one = {}]] = await two();
    for (const name of PARTS.slice(0, 3)) {
      const value = one[name] ?? "";
      for (const at of [0, 1, 2, 9, 40, value.length - 1]) {
        const letter = value[at] === "A" ? "B" : "A";
        const changed = value.slice(0, at) + letter + value.slice(at + 1);
        const { sees, events } = await ask(
          visitor,
          Object.entries({ ...one, [name]: changed }),
        );
        assert.deepEqual(sees, REFUSED, `${name} at ${at}`);
        assert.equal(events.length, 1);
        assert.match(events[0] ?? "", /^rejected: /);
      }
    }
    for (const count of ["2", "4", "9"]) {
      const first = count + one[NAME]?.slice(1);
      const { sees } = await ask(
        visitor,
        Object.entries({ ...one, [NAME]: first }),
      );
      assert.deepEqual(sees, REFUSED, count);
    }
  });

  it("are found beside planted ones", async () => {
    const [visitor, [one = {}]] = await two();
    const planted = PARTS.slice(1, 3).flatMap((name) => [
      [name, "AAAAAAAA.planted"] as const,
      [name, "swordfish"] as const,
    ]);
    for (
      const all of [
        [...planted, ...Object.entries(one)],
        [...Object.entries(one), ...planted],
      ]
    ) {
      const { sees, events } = await ask(visitor, all);
      assert.deepEqual(sees, [8_000, null]);
      assert.deepEqual(events, ["opened"]);
    }
  });

  it("are found beside planted ones with the same letters", async () => {
    const [visitor, [one = {}]] = await two();
    const forged = PARTS.slice(1, 3).flatMap((name) =>
      ["a", "b"].map((end) => [name, `${one[name]}${end}`] as const)
    );
    const { sees, events } = await ask(visitor, [
      ...forged,
      ...Object.entries(one),
    ]);
    assert.deepEqual(sees, [8_000, null]);
    assert.deepEqual(events, ["duplicate", "opened"]);
    const many = Array.from(
      { length: 40 },
      (_, i) => [PARTS[2] ?? "", `${one[NAME]?.slice(26, 34)}.${i}`] as const,
    );
    const lost = await ask(visitor, [...many, ...Object.entries(one)]);
    assert.deepEqual(lost.sees, REFUSED);
  });

  it("are found in any order, and beside another program's first cookie", async () => {
    const [visitor, [one = {}]] = await two();
    const entries = Object.entries(one);
    const { sees } = await ask(visitor, entries.reverse());
    assert.deepEqual(sees, [8_000, null]);
    const both = await ask(visitor, [[NAME, "x".repeat(200)], ...entries]);
    assert.deepEqual(both.sees, [8_000, null]);
    assert.deepEqual(both.events, ["duplicate", "opened"]);
  });

  it("are removed when they are left over, by the next cookie", async () => {
    const visitor = visit(WIDE);
    await visitor.browser.get("/fill?n=11000");
    const late = visitor.cookies();
    await visitor.browser.get("/fill?n=50");
    for (const name of PARTS.slice(1, 4)) {
      visitor.browser.setCookie(`${name}=${late[name]}; Path=/; Secure`);
    }
    assert.deepEqual(await seen(visitor), [50, null]);
    assert.equal(Object.keys(visitor.cookies()).length, 4);
    await visitor.browser.get("/note?n=1");
    assert.deepEqual(Object.keys(visitor.cookies()), [NAME]);
  });

  it("cost no decryption while parts are missing", async () => {
    const [visitor, [one = {}]] = await two();
    const few = await cryptoCalls(() =>
      ask(visitor, Object.entries(one).slice(0, 2))
    );
    assert.equal(few.decrypt, undefined);
    const all = await cryptoCalls(() => ask(visitor, Object.entries(one)));
    assert.equal(all.decrypt, 1);
  });

  it("make no error, whatever they are", async () => {
    const visitor = visit(WIDE);
    for (
      const first of [
        "2.",
        "2.a",
        "9." + "a".repeat(4_000),
        "10.a",
        "1.abc",
        ".",
      ]
    ) {
      for (const rest of ["", "a", ".", "aaaaaaaa.", "a".repeat(4_000)]) {
        const { sees } = await ask(visitor, [
          [NAME, first],
          ...PARTS.slice(1).map((name) => [name, rest] as const),
        ]);
        assert.deepEqual(sees, REFUSED);
      }
    }
  });
});
