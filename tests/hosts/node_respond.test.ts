// What a session says on a response of Node, and what is taken back of one that is
// dropped, field by field: over HTTP, the tests of Express and Fastify show it.

import assert from "node:assert/strict";
import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { describe, it } from "node:test";
import type { Directives } from "../../src/http/directives.ts";
import {
  beginText,
  dropAnswer,
  dropHead,
  markAgain,
  markOf,
  noteFields,
  noteSaid,
  takeSaid,
} from "../../src/node/respond.ts";

/** A response that has these fields. */
function bare(fields: object = {}): ServerResponse {
  const res = new ServerResponse(new IncomingMessage(new Socket()));
  for (const [name, value] of Object.entries(fields)) {
    res.setHeader(name, value as string);
  }
  return res;
}

const named = (names: string) =>
  Object.fromEntries(names.split(" ").map((name) => [name, "theirs"]));

/** Marks a response, and gives what was noted of that. */
async function mark(
  res: ServerResponse,
  directives: Directives,
): Promise<Directives[]> {
  const noted: Directives[] = [];
  const put = await markOf(res, directives, {
    note: (said) => void noted.push(said),
  });
  assert.deepEqual(noted, [], "Nothing is said before it may leave");
  put?.();
  return noted;
}

/** Fields that say how long a response is kept, and where. */
const POLICIES =
  "cache-control cdn-cache-control a-b-cache-control surrogate-control surrogate-key edge-control x-accel-expires";
/** What a session says. */
const OWN = `set-cookie clear-site-data ${POLICIES}`;
const OTHERS =
  "my-set-cookie set-cookie2 clear-site-data-now no-clear-site-data cache-controls x-surrogate-control surrogate edge-controls my-edge-control x-cache x-powered-by vary";

describe("a response that is dropped", () => {
  it("says an error, by no text of its own", () => {
    const res = bare();
    res.statusCode = 201;
    res.statusMessage = "Made";
    dropHead(res, {});
    assert.equal(res.statusCode, 500);
    assert.equal(res.statusMessage, "");
  });

  it("has no text on HTTP/2", () => {
    const res = Object.assign(bare(), { stream: {} });
    Object.defineProperty(res, "statusMessage", {
      set() {
        throw new Error("Node warns of each use");
      },
    });
    dropHead(res, {});
    assert.equal(res.statusCode, 500);
  });

  it("says nothing more of itself, of the session or of the connection", () => {
    const res = bare(named(`${OWN} connection upgrade etag location`));
    dropHead(res, {});
    assert.deepEqual(res.getHeaderNames(), []);
  });

  it("keeps what is not of the one answer", () => {
    const stays = `${OTHERS} my-connection connections x-upgrade upgrades`;
    const res = bare(named(stays));
    dropHead(res, {});
    assert.deepEqual(res.getHeaders(), bare(named(stays)).getHeaders());
  });

  it("has again what was there before its handler", () => {
    const res = bare({ "cache-control": "no-store", "etag": "a", "x-a": "1" });
    res.setHeader("set-cookie", ["a=1"]);
    const before = noteFields(res);
    res.setHeader("cache-control", "public");
    res.removeHeader("etag");
    res.appendHeader("set-cookie", "b=2");
    res.setHeader("location", "/");
    res.setHeader("x-a", "2");
    dropHead(res, before);
    assert.deepEqual({ ...res.getHeaders() }, {
      "cache-control": "no-store",
      "x-a": "2",
      "set-cookie": ["a=1"],
    });
  });
});

describe("the fields of a response", () => {
  it("are noted as they are, whoever adds to a list of them", () => {
    const lines = ["a=1"];
    const res = bare({ "set-cookie": lines, "x-list": ["1", "2"] });
    const fields = noteFields(res);
    lines.push("b=2");
    assert.deepEqual({ ...fields }, {
      "set-cookie": ["a=1"],
      "x-list": ["1", "2"],
    });
    const single = noteFields(bare({ "set-cookie": "a=1" }));
    assert.deepEqual({ ...single }, { "set-cookie": ["a=1"] });
    assert.deepEqual({ ...noteFields(bare()) }, {});
  });
});

describe("a reply that is dropped", () => {
  it("says nothing more of itself, or to caches", () => {
    const res = bare(named(`${OWN} etag location connection`));
    dropAnswer(res, undefined);
    assert.deepEqual(res.getHeaderNames(), ["set-cookie", "connection"]);
  });

  it("keeps what is not of the one answer, and the cookies of others", () => {
    const stays = `${OTHERS} set-cookie upgrade`;
    const res = bare(named(stays));
    dropAnswer(res, undefined);
    assert.deepEqual(res.getHeaders(), bare(named(stays)).getHeaders());
  });

  it("says to caches what hooks in front have said", () => {
    const res = bare({ "cache-control": "public" });
    dropAnswer(res, "no-cache");
    assert.equal(res.getHeader("cache-control"), "no-cache");
  });
});

describe("a text in place of a response", () => {
  it("has a type and a status, and none of the other's fields", () => {
    const res = bare({
      "content-type": "image/png",
      "content-length": "7",
      "etag": "a",
      "x-powered-by": "us",
    });
    beginText(res, 403);
    assert.equal(res.statusCode, 403);
    assert.deepEqual({ ...res.getHeaders() }, {
      "x-powered-by": "us",
      "content-type": "text/plain;charset=UTF-8",
    });
  });
});

describe("what a session says on a response", () => {
  it("is nothing if it says nothing", () => {
    const note = () => assert.fail();
    assert.equal(markOf(bare(), undefined, { note }), undefined);
    assert.equal(markAgain(bare(), [undefined], { note }), undefined);
  });

  it("is said beside what others have set there", async () => {
    const line = "sid=ours; Path=/";
    for (
      const [before, after] of [
        [{}, { "vary": "Cookie", "set-cookie": [line] }],
        [
          { "vary": "Accept", "set-cookie": "a=1" },
          { "vary": "Accept, Cookie", "set-cookie": ["a=1", line] },
        ],
        [
          { "vary": ["Accept", "Origin"], "set-cookie": ["a=1", "b=2"] },
          {
            "vary": "Accept, Origin, Cookie",
            "set-cookie": ["a=1", "b=2", line],
          },
        ],
        [
          { "vary": ["Accept", "Cookie"], "set-cookie": "sid=old; Path=/" },
          { "vary": ["Accept", "Cookie"], "set-cookie": [line] },
        ],
        [
          { "cache-control": "public", "cdn-cache-control": "max-age=9" },
          { "vary": "Cookie", "set-cookie": [line] },
        ],
      ] as const
    ) {
      const res = bare(before);
      await mark(res, { setCookie: [line] });
      assert.deepEqual({ ...res.getHeaders() }, {
        ...after,
        "cache-control": "no-store",
      });
    }
  });

  it("has the browser forget what it has cached", async () => {
    const res = bare({ "clear-site-data": '"storage"' });
    const said = { setCookie: ["sid=; Max-Age=0"], clearCache: true };
    const noted = await mark(res, said);
    assert.equal(res.getHeader("clear-site-data"), '"storage", "cache"');
    assert.deepEqual(noted, [said]);
  });

  it("is to caches alone if it sets no cookie", async () => {
    for (
      const [isSignedIn, before, after] of [
        [true, {}, "no-store"],
        [false, {}, "private"],
        [undefined, {}, "private"],
        [true, { "cache-control": "max-age=9" }, "max-age=9, private"],
        [
          true,
          { "cache-control": ["max-age=9", "private"] },
          ["max-age=9", "private"],
        ],
      ] as const
    ) {
      const res = bare(before);
      const said = isSignedIn === undefined ? {} : { isSignedIn };
      const noted = await mark(res, said);
      assert.deepEqual({ ...res.getHeaders() }, {
        "vary": "Cookie",
        "cache-control": after,
      });
      assert.equal(noted.length, 1);
      assert.equal(noted[0]?.isSignedIn, isSignedIn);
      assert.equal(noted[0]?.setCookie, undefined);
    }
  });

  it("tells each cache what a 304 does not name", async () => {
    const res = bare({ "surrogate-control": "max-age=9" });
    res.statusCode = 304;
    await mark(res, { isSignedIn: true });
    assert.equal(res.getHeader("surrogate-control"), "no-store");
    assert.equal(res.getHeader("cdn-cache-control"), "no-store");
    const other = bare({ "surrogate-control": "max-age=9" });
    await mark(other, { isSignedIn: true });
    assert.equal(other.getHeader("surrogate-control"), undefined);
  });

  it("is asked for its cookie again when it is said again", async () => {
    let mayGoOut = true;
    const said = { setCookie: ["sid=late"], maySend: () => mayGoOut };
    const noted = await mark(bare(), said);
    assert.deepEqual(noted, [said]);
    for (const lines of [["sid=late"], undefined]) {
      const res = bare();
      await markAgain(res, noted, { note: () => {} });
      assert.deepEqual(res.getHeader("set-cookie"), lines);
      assert.equal(res.getHeader("cache-control"), "no-store");
      mayGoOut = false;
    }
  });

  it("leaves the cookies of others there where its own may not go out", async () => {
    const said = { setCookie: ["sid=late"], maySend: () => false };
    for (const lines of [["a=1"], ["a=1", "b=2"]]) {
      const res = bare({ "set-cookie": [...lines, "sid=late"] });
      await markAgain(res, [said], { note: () => {} });
      assert.deepEqual(res.getHeader("set-cookie"), lines);
    }
  });

  it("takes no cookie back that it has not set", async () => {
    const said = { isSignedIn: true, maySend: () => false };
    const res = bare({ "set-cookie": ["a=1"] });
    await markAgain(res, [said], { note: () => {} });
    assert.deepEqual(res.getHeader("set-cookie"), ["a=1"]);
  });

  it("is said again at once, all of it, for each session", async () => {
    const res = bare();
    const noted: Directives[] = [];
    const note = (said: Directives) => void noted.push(said);
    const all = [{ setCookie: ["a=1"] }, undefined, { setCookie: ["b=2"] }];
    // The part that sets cookies is loaded by now, or else here.
    await markAgain(res, all, { note });
    assert.deepEqual(res.getHeader("set-cookie"), ["a=1", "b=2"]);
    assert.equal(noted.length, 2);
    const again = bare();
    assert.equal(markAgain(again, all, { note }), undefined);
    assert.deepEqual(again.getHeader("set-cookie"), ["a=1", "b=2"]);
  });

  it("is remembered by its response until it is taken", () => {
    const [res, other] = [bare(), bare()];
    assert.deepEqual(takeSaid(res), []);
    noteSaid(res, { setCookie: ["a=1"] });
    noteSaid(res, { isSignedIn: true });
    assert.deepEqual(takeSaid(other), []);
    assert.deepEqual(takeSaid(res), [
      { setCookie: ["a=1"] },
      { isSignedIn: true },
    ]);
    assert.deepEqual(takeSaid(res), []);
  });
});
