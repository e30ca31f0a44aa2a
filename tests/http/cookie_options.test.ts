import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSessions } from "../../mod.ts";
import type { CookieOptions } from "../../src/http/cookie_options.ts";
import { writeCookie } from "../../src/http/cookie.ts";
import { BAD_COOKIES, GOOD_COOKIES } from "../shared/cookie_cases.ts";
import { cookieOf } from "../shared/cookies.ts";
import { SECRET } from "../shared/format.ts";

const DOMAINS = [undefined, "example.com"];
// The last one looks like an attribute.
const PATHS = [undefined, "/", "/a=None"];
const SAME_SITES = [undefined, "Strict", "Lax", "None"] as const;
const SECURES = [undefined, "auto", true, false] as const;
const FLAGS = [undefined, true, false];
const PRIORITIES = [undefined, "Low", "Medium", "High"] as const;

describe("attributes of the cookie", () => {
  it("are checked as they are taken, also if they are inherited", () => {
    class Attributes {
      get domain(): string {
        return "shop.example; Secure=no";
      }
    }
    assert.throws(
      () => cookieOf(new Attributes()),
      /^TypeError: Option cookie\.domain must/,
    );
    const inherited = Object.create({ sameSite: "lax" });
    assert.throws(
      () => cookieOf(inherited),
      /^TypeError: Option cookie\.sameSite must/,
    );
    const domain = Object.create({ domain: "shop.example" });
    assert.match(cookieOf(domain).attributes, /Domain=shop\.example/);
    assert.equal(cookieOf(domain).options.domain, "shop.example");
  });
});

describe("writeCookie()", () => {
  it("writes all attributes of all combinations that browsers keep", () => {
    let kept = 0;
    let dropped = 0;
    for (const options of combinations()) {
      if (isDropped(options)) {
        assert.throws(
          () => cookieOf(options),
          TypeError,
          JSON.stringify(options),
        );
        dropped++;
        continue;
      }
      const form = cookieOf(options);
      for (const maxAge of [false, 0, 3600] as const) {
        const [pair, ...attributes] = writeCookie(form, "abc", maxAge).split(
          "; ",
        );
        const [expectedPair, ...expected] = expectedParts(options, maxAge);
        assert.equal(pair, expectedPair);
        assert.deepEqual(attributes.sort(), expected.sort());
      }
      kept++;
    }
    assert.equal(kept + dropped, 1152);
    assert.ok(kept > 900 && dropped > 100);
  });

  it("writes the default cookie", () => {
    assert.equal(
      writeCookie(cookieOf(), "abc", 86_400),
      "__Host-sid=abc; Max-Age=86400; Path=/; HttpOnly; Secure; SameSite=Lax",
    );
  });

  it("writes no lifetime for a cookie that ends with the browser", () => {
    const line = writeCookie(cookieOf(), "abc", false);
    assert.doesNotMatch(line, /max-age|expires/i);
  });

  it("deletes with the attributes that it sets with", () => {
    for (const options of combinations()) {
      if (isDropped(options)) continue;
      const form = cookieOf(options);
      const set = writeCookie(form, "abc", 3600);
      const deletion = writeCookie(form, "", 0);
      assert.equal(
        deletion.replace("=;", "=abc;").replace("=0;", "=3600;"),
        set,
      );
    }
  });

  it("writes what http on the machine itself can keep", () => {
    for (const options of combinations()) {
      if (isDropped(options) || options.secure !== "auto") continue;
      const form = cookieOf(options, "http://localhost:3000/");
      const [pair, ...attributes] = writeCookie(form, "abc", 60).split("; ");
      const { path = "/", sameSite = "Lax", priority } = options;
      assert.equal(pair, "sid-3000=abc");
      assert.deepEqual(
        attributes.sort(),
        [
          "HttpOnly",
          "Max-Age=60",
          `Path=${path}`,
          ...(priority ? [`Priority=${priority}`] : []),
          `SameSite=${sameSite === "None" ? "Lax" : sameSite}`,
        ].sort(),
      );
    }
  });

  it("takes any prefix off the name on the machine itself", () => {
    for (
      const prefix of ["__Host-Http-", "__Host-", "__Http-", "__Secure-", ""]
    ) {
      const form = cookieOf({ name: `${prefix}a-b` }, "http://127.0.0.1/");
      assert.equal(form.name, "a-b");
    }
  });
});

describe("cookie options", () => {
  for (const [what, options, named] of BAD_COOKIES) {
    it(`refuse ${what}`, () => {
      const make = () => createSessions({ secret: SECRET, cookie: options });
      assert.throws(make, (error) => {
        assert.ok(error instanceof TypeError || error instanceof RangeError);
        assert.ok(error.message.startsWith(`Option ${named} `), error.message);
        return true;
      });
    });
  }

  it("take everything that browsers keep", () => {
    for (const options of GOOD_COOKIES) {
      const { attributes, name } = cookieOf(options);
      assert.ok(attributes);
      if (options.name) assert.equal(name, options.name);
    }
  });

  it("may be undefined, each and all", () => {
    const options = {
      name: undefined,
      domain: undefined,
      path: undefined,
      sameSite: undefined,
      secure: undefined,
      partitioned: undefined,
      priority: undefined,
      previous: undefined,
    };
    assert.equal(cookieOf(options).attributes, cookieOf().attributes);
    assert.ok(createSessions({ secret: SECRET, cookie: undefined }));
  });
});

function* combinations(): Iterable<CookieOptions> {
  for (const domain of DOMAINS) {
    for (const path of PATHS) {
      for (const sameSite of SAME_SITES) {
        for (const secure of SECURES) {
          for (const partitioned of FLAGS) {
            for (const priority of PRIORITIES) {
              yield { domain, path, sameSite, secure, partitioned, priority };
            }
          }
        }
      }
    }
  }
}

/** Whether Chromium or Firefox would drop a cookie with the default name. */
function isDropped({ secure, sameSite, partitioned }: CookieOptions): boolean {
  return secure === false && (sameSite === "None" || partitioned === true);
}

function expectedParts(
  options: CookieOptions,
  maxAge: number | false,
): string[] {
  const { domain, path = "/", sameSite = "Lax", secure } = options;
  const name = secure === false
    ? "sid"
    : domain || path !== "/"
    ? "__Secure-sid"
    : "__Host-sid";
  const parts = [`${name}=abc`, `Path=${path}`, "HttpOnly"];
  parts.push(`SameSite=${sameSite}`);
  if (maxAge !== false) parts.push(`Max-Age=${maxAge}`);
  if (domain) parts.push(`Domain=${domain}`);
  if (secure !== false) parts.push("Secure");
  if (options.partitioned) parts.push("Partitioned");
  if (options.priority) parts.push(`Priority=${options.priority}`);
  return parts;
}
