import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import type { SessionReader } from "../../mod.ts";
import { withSession } from "../../mod.ts";
import { h3Session } from "../../readers/h3.ts";
import {
  IN_VAIN_PER_SECOND,
  MOST_IN_VAIN,
} from "../../readers/shared/iron_slow.ts";
import { setUp } from "../shared/support.ts";
import { PASSWORD, sealOf } from "./_h3_sessions.ts";
import { readCookies } from "./_jwe.ts";

// Keys of 8192 iterations, which anybody can ask for.

const ADA = { user: "ada" };
const LIMIT = {
  message: /^Too many cookies in place of one of h3 could not be opened/,
};

let good: string;
let another: string;

before(async () => {
  good = await sealOf("h3 2", ADA);
  another = await sealOf("h3 2", ADA);
});

function reader(): SessionReader {
  return h3Session<{ user?: string }>({
    password: PASSWORD,
    until: "2100-01-01",
    map: ({ user }) => ({ user }),
  });
}

/** Seals that are all different, and have the form of a good one. */
function forge(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, i) => {
    const salt = (from + i).toString(16).padStart(64, "0");
    return good.split("*").with(6, salt).join("*");
  });
}

const countSlow = (run: () => Promise<unknown>) => countKeys(8192, run);

/** Counts keys of so many iterations that are made while something runs. */
async function countKeys(
  iterations: number,
  run: () => Promise<unknown>,
): Promise<number> {
  const { subtle } = crypto;
  const { deriveBits } = subtle;
  let count = 0;
  Object.defineProperty(subtle, "deriveBits", {
    configurable: true,
    value: (...args: Parameters<typeof deriveBits>) => {
      if (Object(args[0]).iterations === iterations) count++;
      return deriveBits.apply(subtle, args);
    },
  });
  try {
    await run();
  } finally {
    delete (subtle as { deriveBits?: unknown }).deriveBits;
  }
  return count;
}

describe("seals of h3 2 that nobody has made", () => {
  it("cost so many keys and no more, and with each second a few", async () => {
    const h3 = reader();
    const now = Date.now();
    const flood = (from: number, at: number) =>
      countSlow(() =>
        Promise.allSettled(
          forge(200, from).map((seal) => readCookies(h3, { h3: seal }, at)),
        )
      );
    assert.equal(await flood(0, now), MOST_IN_VAIN);
    assert.equal(await flood(200, now), 0);
    assert.equal(await flood(400, now + 1000), IN_VAIN_PER_SECOND);
    assert.equal(await flood(600, now + 3_600_000), MOST_IN_VAIN);
  });

  it("are each looked at, four in a request, while there is work left", async () => {
    const h3 = reader();
    const now = Date.now();
    const count = await countSlow(async () => {
      const seen = await readCookies(h3, { h3: forge(60) }, now);
      assert.equal(seen, undefined);
    });
    assert.equal(count, 4);
  });

  it("cost one key in all if they come again, or changed elsewhere", async () => {
    const h3 = reader();
    const now = Date.now();
    const [bad = ""] = forge(1);
    const parts = bad.split("*");
    const count = await countSlow(async () => {
      for (let i = 0; i < 100; i++) {
        const seal = parts.with(2, `${i}`.padStart(64, "0")).join("*");
        assert.equal(await readCookies(h3, { h3: seal }, now), undefined);
        assert.equal(await readCookies(h3, { h3: bad }, now), undefined);
      }
    });
    assert.equal(count, 1);
  });

  it("take nothing from readers that make keys with one iteration", async () => {
    const h3 = h3Session({
      password: PASSWORD,
      until: "2100-01-01",
      iterations: 1,
    });
    const count = await countSlow(async () => {
      for (const seal of forge(100)) {
        assert.equal(await readCookies(h3, { h3: seal }), undefined);
      }
    });
    assert.equal(count, 0);
  });
});

describe("keys of seals", () => {
  it("are remembered, a thousand of bad ones apart from the others", async () => {
    const h3 = h3Session({
      password: PASSWORD,
      until: "2100-01-01",
      iterations: 2,
    });
    const encryption = { saltBits: 256, algorithm: "aes-256-cbc" };
    const integrity = { saltBits: 256, algorithm: "sha256" };
    const more = { iterations: 2, minPasswordlength: 32 };
    const fast = await sealOf("h3 2", ADA, {
      seal: {
        encryption: { ...encryption, ...more },
        integrity: { ...integrity, ...more },
      },
    });
    let now = Date.now();
    const open = (seal: string) => readCookies(h3, { h3: seal }, now += 1000);
    assert.ok(await open(fast));
    const bad = forge(1001);
    const count = (run: () => Promise<unknown>) => countKeys(2, run);
    const all = async () => {
      for (const seal of bad) assert.equal(await open(seal), undefined);
    };
    assert.equal(await count(all), 1001);
    assert.equal(await count(() => open(bad[1000] ?? "")), 0);
    assert.equal(await count(() => open(bad[0] ?? "")), 1);
    assert.equal(await count(() => open(fast)), 0);
  });
});

describe("a good seal of h3 2", () => {
  it("costs two keys, also if it comes many times at once", async () => {
    const h3 = reader();
    const count = await countSlow(async () => {
      const seen = await Promise.all(
        Array.from({ length: 50 }, () => readCookies(h3, { h3: good })),
      );
      for (const each of seen) assert.equal(each?.user, "ada");
    });
    assert.equal(count, 2);
    assert.equal(
      await countSlow(() => readCookies(h3, { h3: good })),
      0,
    );
  });

  it("is no part of what may be in vain, however many there are", async () => {
    const h3 = reader();
    const now = Date.now();
    const seals = await Promise.all(
      Array.from({ length: MOST_IN_VAIN + 8 }, () => sealOf("h3 2", ADA)),
    );
    const seen = await Promise.all(
      seals.map((seal) => readCookies(h3, { h3: seal }, now)),
    );
    for (const each of seen) assert.equal(each?.user, "ada");
    const count = await countSlow(() =>
      Promise.allSettled(
        forge(100).map((seal) => readCookies(h3, { h3: seal }, now)),
      )
    );
    assert.equal(count, MOST_IN_VAIN);
  });

  it("is still read amid others, if it was before", async () => {
    const h3 = reader();
    const now = Date.now();
    assert.equal((await readCookies(h3, { h3: good }, now))?.user, "ada");
    await flood(h3, now);
    assert.equal((await readCookies(h3, { h3: good }, now))?.user, "ada");
    const both = [...forge(1, 900), good];
    const seen = await readCookies(h3, { h3: both }, now);
    assert.equal(seen?.user, "ada");
  });

  it("is refused amid others, and read a second later", async () => {
    const h3 = reader();
    const now = Date.now();
    await flood(h3, now);
    await assert.rejects(readCookies(h3, { h3: another }, now), LIMIT);
    const later = await readCookies(h3, { h3: another }, now + 1000);
    assert.equal(later?.user, "ada");
  });

  it("of one iteration is read all the same", async () => {
    const h3 = reader();
    const now = Date.now();
    await flood(h3, now);
    for (const version of ["h3 1", "h3 2.0.1-rc.20"]) {
      const seal = await sealOf(version, ADA);
      assert.equal((await readCookies(h3, { h3: seal }, now))?.user, "ada");
    }
  });
});

for (const onStoreError of ["throw", "anonymous"] as const) {
  describe(`a request amid others, with onStoreError: "${onStoreError}"`, () => {
    function program() {
      const { options, events, clock } = setUp({
        accept: [reader()],
        onStoreError,
      });
      clock.now = Date.now();
      const handle = withSession(({ url }, session) => {
        if (url.endsWith("/cart")) session.set("cart", []);
        return new Response(session.userId ?? "nobody");
      }, options);
      const visit = (h3: string, path = "") =>
        handle(
          new Request(`https://example.com/${path}`, {
            headers: { cookie: `h3=${h3}` },
          }),
        );
      return { visit, events, clock };
    }

    it("makes nobody a guest for good", async () => {
      const { visit, events, clock } = program();
      await Promise.allSettled(forge(100).map((seal) => visit(seal)));
      events.length = 0;
      const amid = visit(another);
      if (onStoreError === "throw") {
        await assert.rejects(amid, { code: "store-failed" });
      } else {
        const response = await amid;
        assert.equal(await response.text(), "nobody");
        assert.deepEqual(response.headers.getSetCookie(), []);
      }
      await assert.rejects(visit(another, "cart"), { code: "store-failed" });
      assert.ok(
        events.some((event) =>
          event.type === "store-error" && event.op === "accept"
        ),
      );
      clock.advance(1);
      const response = await visit(another);
      assert.equal(await response.text(), "ada");
      assert.equal(response.headers.getSetCookie().length, 2);
    });
  });
}

/** Uses up all that may be in vain. */
async function flood(h3: SessionReader, now: number): Promise<void> {
  await Promise.allSettled(
    forge(MOST_IN_VAIN + 1).map((seal) => readCookies(h3, { h3: seal }, now)),
  );
}
