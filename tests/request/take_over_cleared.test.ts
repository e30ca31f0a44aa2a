import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { AnyData, SessionHandler } from "../../mod.ts";
import { makeReader, type ReaderOptions } from "../../readers/shared/reader.ts";
import type { MoreOptions } from "../shared/support.ts";
import { end, moved, show } from "./_foreign.ts";

// A cookie that stays in the browser is taken over again after a logout.

type Cookie = NonNullable<ReaderOptions<object>["cookie"]>;

/** The lines of a response to a request with a cookie of before. */
async function linesOf(
  cookie: Cookie & { readonly name: string },
  options: MoreOptions = {},
  act: SessionHandler<AnyData, []> = show,
): Promise<string[]> {
  const { name } = cookie;
  const reader = makeReader(
    "lib",
    { until: "2100-01-01", cookie, map: () => ({ user: "ann" }) },
    {},
    undefined,
    ({ valuesOf }) => {
      const isTheirs = valuesOf(name).includes("before");
      return Promise.resolve(isTheirs ? { theirs: {} } : undefined);
    },
  );
  const { visit } = moved({ ...options, accept: [reader] });
  const response = await visit({ [name]: "before" }, act);
  return response.headers.getSetCookie()
    .map((line) => line.replace(/=[\w-]{20,}; Max-Age=\d+/, "=…"));
}

describe("a cookie of another library that has the name of ours", () => {
  const name = "session";

  it("is removed where it has another path or domain, before ours is set", async () => {
    for (const scope of [{ domain: "example.com" }, { path: "/shop" }]) {
      const theirs = { domain: undefined, path: "/", ...scope };
      const domain = theirs.domain ? `; Domain=${theirs.domain}` : "";
      const gone =
        `session=; Max-Age=0${domain}; Path=${theirs.path}; HttpOnly; SameSite=Lax`;
      const ours = "Path=/; HttpOnly; Secure; SameSite=Lax";
      const options = { cookie: { name } };
      assert.deepEqual(await linesOf({ name, ...scope }, options), [
        gone,
        `session=…; ${ours}`,
      ]);
      assert.deepEqual(await linesOf({ name, ...scope }, options, end), [
        gone,
        `session=; Max-Age=0; ${ours}`,
      ]);
    }
  });

  it("is removed where only one of both is for one site at the top", async () => {
    const domain = undefined;
    for (const partitioned of [false, true]) {
      const cookie = { name, sameSite: "None", partitioned: !partitioned };
      const theirs = { name, domain, partitioned };
      for (const act of [show, end]) {
        const lines = await linesOf(theirs, { cookie } as MoreOptions, act);
        const ends = lines.map((line) => /Partitioned$/.test(line));
        assert.deepEqual(ends, [partitioned, !partitioned]);
      }
    }
  });

  it("is replaced where it is in the same place", async () => {
    for (const domain of ["example.com", ".Example.com"]) {
      const options = { cookie: { name, domain: "example.com" } };
      const lines = await linesOf({ name, domain }, options);
      const ours = "Path=/; HttpOnly; Secure; SameSite=Lax";
      assert.deepEqual(lines, [
        `session=…; Domain=example.com; ${ours}`,
      ]);
    }
  });
});

describe("a line of another library, however it is written", () => {
  const linesFor = async (line: string, cookie: object) => {
    const { old, visit } = moved({ cookie: { name: "session", ...cookie } }, {
      clear: () => [line],
    });
    const response = await visit(old());
    const lines = response.headers.getSetCookie();
    return lines.filter((each) => each === line).length;
  };

  it("is left out where it would remove ours from its domain", async () => {
    for (
      const domain of [
        "; Domain=Example.Com",
        ";domain=.example.com",
        ";  DOMAIN =  .EXAMPLE.com",
      ]
    ) {
      const line = `session=; Max-Age=0${domain}; Path=/`;
      assert.equal(await linesFor(line, { domain: "example.com" }), 0, domain);
      assert.equal(await linesFor(line, { domain: "other.example" }), 1);
    }
  });

  it("is left out where it would remove ours of the same site at the top", async () => {
    for (
      const mark of [
        ";partitioned",
        ";   Partitioned ; Secure",
        ";PARTITIONED=",
      ]
    ) {
      const line = `session=; Max-Age=0; Path=/; Secure${mark}`;
      const cookie = { sameSite: "None", partitioned: true };
      assert.equal(await linesFor(line, cookie), 0, mark);
      assert.equal(await linesFor(line, {}), 1, mark);
    }
  });
});

describe("a cookie of another library in a page inside of another site", () => {
  it("is removed by a line that browsers take there, as ours is", async () => {
    const lines = await linesOf(
      { name: "old" },
      { cookie: { sameSite: "None" } },
    );
    assert.deepEqual(lines, [
      "__Host-sid=…; Path=/; HttpOnly; Secure; SameSite=None",
      "old=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=None",
    ]);
  });
});
