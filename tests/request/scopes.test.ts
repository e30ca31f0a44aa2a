import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createSessions,
  type Session,
  type SessionOptions,
  withSession,
} from "../../mod.ts";
import { begin, STORES } from "../shared/slow_requests.ts";
import { cookieOf } from "../shared/store_bench.ts";
import {
  IN_BACKGROUND,
  NAVIGATION,
  requestWith,
  setUp,
  turn,
} from "../shared/support.ts";

// Cookies of one name in several scopes, of which one counts.

const url = "https://shop.example.com/app/page";
const wide: SessionOptions["cookie"] = {
  domain: "example.com",
  partitioned: true,
  priority: "High",
};

/** What a response says to a request with these cookies. */
async function linesOf(
  options: Omit<SessionOptions, "lazy">,
  cookie: string,
  act: (session: Session) => unknown,
  init?: RequestInit,
): Promise<string[]> {
  const handle = withSession((_request, session) => {
    act(session);
    return new Response();
  }, options);
  const response = await handle(requestWith(cookie, url, init));
  return response.headers.getSetCookie();
}

/** The token of a new session. */
async function seal(options: Omit<SessionOptions, "lazy">): Promise<string> {
  const sessions = createSessions(options);
  const session = sessions.create();
  session.set("a", 1);
  return await sessions.seal(session);
}

const name = "__Secure-sid";
const look = (session: Session) => session.get("a");
const write = (session: Session) => session.set("a", 2);

describe("a cookie in an earlier scope", () => {
  it("goes once a newer one is set, whoever asks for the page", async () => {
    const { options } = setUp({ cookie: wide });
    const token = await seal(options);
    const both = `${name}=${token}; ${name}=${turn(token, -1, 1)}`;
    for (const init of [NAVIGATION, IN_BACKGROUND]) {
      const [earlier, line, ...more] = await linesOf(
        options,
        both,
        write,
        init,
      );
      assert.equal(
        earlier,
        `${name}=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax; Partitioned`,
      );
      assert.match(line ?? "", /^__Secure-sid=[^;]+; Max-Age=86400; Domain=/);
      assert.deepEqual(more, []);
    }
  });

  it("is told from this one by its attributes alone", async () => {
    const previous = [{ path: "/old" }, { domain: "shop.example.com" }, {}];
    const cookie = { path: "/app", previous };
    const { options } = setUp({ cookie });
    const token = await seal(options);
    const both = `${name}=${token}; ${name}=${turn(token, -1, 1)}`;
    const lines = await linesOf(options, both, write);
    const rest = "HttpOnly; Secure; SameSite=Lax";
    assert.deepEqual(lines.slice(0, -1), [
      `${name}=; Max-Age=0; Path=/old; ${rest}`,
      `${name}=; Max-Age=0; Domain=shop.example.com; Path=/; ${rest}`,
      `${name}=; Max-Age=0; Path=/; ${rest}`,
    ]);
  });

  it("is none where the options have always had this one", async () => {
    const { options } = setUp({ cookie: { path: "/app" } });
    const token = await seal(options);
    const both = `${name}=${token}; ${name}=${turn(token, -1, 1)}`;
    const lines = await linesOf(options, both, write, NAVIGATION);
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? "", /; Path=\/app; /);
  });
});

describe("several cookies of one name", () => {
  it("open without a listener", async () => {
    const { options: { onEvent: _, ...options } } = setUp();
    const token = await seal(options);
    const cookie = `__Host-sid=${turn(token, -1, 1)}; __Host-sid=${token}`;
    let value: unknown;
    await linesOf(options, cookie, (session) => value = session.get("a"));
    assert.equal(value, 1);
  });

  it("open behind many that can be no token", async () => {
    const { options } = setUp();
    const token = await seal(options);
    for (const shape of ["!LONG", "LONG!", "x"]) {
      const odd = Array.from({ length: 16 }, (_, i) => {
        const value = shape.replace("LONG", "a".repeat(102));
        return `__Host-sid=${value.replace("!", "!".repeat(i + 1))}`;
      });
      let value: unknown;
      const cookie = [...odd, `__Host-sid=${token}`].join("; ");
      await linesOf(options, cookie, (session) => value = session.get("a"));
      assert.equal(value, 1);
    }
  });

  it("are none if all are empty, and are told if one stands behind a comma", async () => {
    const { options, events } = setUp();
    const told = async (cookie: string) => {
      await linesOf(options, cookie, look);
      return events.splice(0).map((event) =>
        "reason" in event ? event.reason : event.type
      );
    };
    assert.deepEqual(await told('__Host-sid=""'), []);
    assert.deepEqual(await told('__Host-sid=; __Host-sid=""'), []);
    assert.deepEqual(await told("a=1, __Host-sid=b"), ["joined"]);
  });

  it("count by those that are not over", async () => {
    const { clock, options } = setUp();
    const old = await seal(options);
    clock.advance(86_401);
    const token = await seal(options);
    for (const [one, other] of [[old, token], [token, old]]) {
      const cookie = `__Host-sid=${one}; __Host-sid=${other}`;
      let value: unknown;
      await linesOf(options, cookie, (session) => value = session.get("a"));
      assert.equal(value, 1);
    }
  });

  it("count by the last write, within one second, in a late store", async () => {
    const bench = begin(STORES["late"]);
    const older = await bench.begin();
    const newer = cookieOf(
      await bench.act(older, (session) => session.set("n", 1)),
    );
    for (const all of [[older, newer], [newer, older]]) {
      const data = await bench.read(all.join("; "));
      assert.deepEqual(data, { name: "Ada", n: 1 });
    }
  });

  it("stay if one of them may be good elsewhere", async () => {
    const { clock, options } = setUp();
    clock.advance(3_600);
    const future = await seal(options);
    clock.advance(-3_600);
    const token = await seal(options);
    const forged = turn(token, -1, 1);
    const spared = [turn(token, 1, 1), future];
    const clearedBy = async (...tokens: string[]) => {
      const cookie = tokens.map((each) => `__Host-sid=${each}`).join("; ");
      const lines = await linesOf(options, cookie, look, NAVIGATION);
      return lines.length > 0;
    };
    assert.equal(await clearedBy(forged, turn(token, -1, 2)), true);
    for (const each of spared) {
      assert.equal(await clearedBy(forged, each), false);
      assert.equal(await clearedBy(each, forged), false);
    }
  });

  it("stay for another program on this machine, also at a logout", async () => {
    const { clock, options } = setUp();
    const later = createSessions({ ...options, cookie: { secure: false } });
    clock.advance(3_600);
    const future = await later.seal(later.create());
    clock.advance(-3_600);
    const token = await seal(options);
    const [others, forged] = [turn(token, 1, 1), turn(token, -1, 1)];
    const handle = withSession((_request, session) => {
      session.destroy();
      return new Response();
    }, options);
    const clearedBy = async (...tokens: string[]) => {
      const cookie = tokens.map((each) => `sid=${each}`).join("; ");
      const response = await handle(requestWith(cookie, "http://localhost/"));
      return response.headers.getSetCookie().length > 0;
    };
    assert.equal(await clearedBy(forged), true);
    assert.equal(await clearedBy(forged, others), false);
    assert.equal(await clearedBy(others, forged), false);
    assert.equal(await clearedBy(forged, future), true);
    assert.equal(await clearedBy(others, future), false);
    assert.equal(await clearedBy(future, others), false);
  });
});

describe("a cookie that is full", () => {
  it("may have as many bytes as the option says, with its name", async () => {
    const { options } = setUp();
    const fill = (session: Session) => session.set("a", "x".repeat(300));
    const [line = ""] = await linesOf(options, "", fill);
    const bytes = line.indexOf(";") - "=".length;
    const within = (maxBytes: number) =>
      linesOf({ ...options, cookie: { maxBytes } }, "", fill);
    assert.equal((await within(bytes)).length, 1);
    await assert.rejects(within(bytes - 1), { code: "oversize" });
  });
});

describe("the end of a session, in a request that fails,", () => {
  it("is told by the library's own error alone", async () => {
    const { options } = setUp();
    const token = await seal(options);
    const failWith = async (error: object, cookie: string) => {
      const handle = withSession((_request, session) => {
        session.destroy();
        throw error;
      }, options);
      await assert.rejects(handle(requestWith(cookie)), error);
      return error;
    };
    const cookie = `__Host-sid=${token}`;
    const own = new Error("of the handler");
    assert.equal("setCookie" in await failWith(own, cookie), false);
    const sessions = createSessions(options);
    const session = await sessions.open(new Request(url));
    await sessions.commit(session, new Response());
    const errors: object[] = [];
    for (let i = 0; i < 2; i++) {
      try {
        session.set("a", 1);
      } catch (error) {
        errors.push(error as object);
      }
    }
    const [one, two] = errors as [object, object];
    assert.match(
      Reflect.get(await failWith(one, cookie), "setCookie"),
      /^__Host-sid=; Max-Age=0; /,
    );
    assert.equal("setCookie" in await failWith(two, ""), false);
  });
});
