import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bodyOf, craft, NOW } from "../shared/format.ts";
import { setUp } from "../shared/sealed.ts";

const LAST_SECOND = 0xffff_ffff;

describe("unseal() by time", () => {
  it("opens until the last second of the idle timeout", async () => {
    const bench = setUp({ idleTimeout: 3600 });
    const token = await bench.seal();
    for (
      const [seconds, reason] of [[0], [3599], [3600, "idle"], [3601, "idle"]]
    ) {
      bench.at(NOW + Number(seconds));
      assert.equal(await bench.reasonOf(token), reason);
    }
  });

  it("opens until the last second of the absolute timeout", async () => {
    const bench = setUp({ idleTimeout: 3600, absoluteTimeout: 7200 });
    const sealed = NOW + 7000;
    const token = await craft({
      body: bodyOf({ created: NOW, sealed, expires: NOW + 7200 }),
    });
    for (const [seconds, reason] of [[7000], [7199], [7200, "absolute"]]) {
      bench.at(NOW + Number(seconds));
      assert.equal(await bench.reasonOf(token), reason);
    }
  });

  it("ends by the idle timeout long before the absolute one", async () => {
    const bench = setUp({ idleTimeout: 60, absoluteTimeout: 7200 });
    const token = await bench.seal();
    bench.at(NOW + 60);
    assert.equal(await bench.reasonOf(token), "idle");
  });

  it("ends by the absolute timeout in spite of daily use", async () => {
    const bench = setUp({ idleTimeout: 100, absoluteTimeout: 250 });
    let token = await bench.seal();
    for (const seconds of [90, 180, 240]) {
      bench.at(NOW + seconds);
      const session = await bench.sessions.unseal(token);
      assert.ok(session);
      token = await bench.sessions.seal(session);
    }
    bench.at(NOW + 249);
    assert.equal(await bench.reasonOf(token), undefined);
    bench.at(NOW + 250);
    assert.equal(await bench.reasonOf(token), "absolute");
  });

  it("counts whole seconds of a clock in milliseconds", async () => {
    const bench = setUp({ idleTimeout: 60 });
    const token = await bench.seal();
    bench.at(NOW + 59.999);
    assert.equal(await bench.reasonOf(token), undefined);
    bench.at(NOW + 60);
    assert.equal(await bench.reasonOf(token), "idle");
  });

  it("never opens what expires before it was made", async () => {
    const bench = setUp();
    for (const expires of [0, 1, NOW - 1, NOW]) {
      const token = await craft({ body: bodyOf({ expires }) });
      assert.equal(await bench.sessions.unseal(token), null);
    }
    const token = await craft({ body: bodyOf({ expires: NOW + 1 }) });
    assert.ok(await bench.sessions.unseal(token));
  });

  it("ends sessions at once when the settings are shortened", async () => {
    const long = setUp({ idleTimeout: 7200, absoluteTimeout: 86_400 });
    const token = await long.seal();
    const cases = [
      [{ idleTimeout: 100 }, 99, undefined],
      [{ idleTimeout: 100 }, 100, "idle"],
      [{ idleTimeout: 100, absoluteTimeout: 200 }, 200, "absolute"],
      [{ idleTimeout: 50, absoluteTimeout: 50 }, 49, undefined],
      [{ idleTimeout: 50, absoluteTimeout: 50 }, 50, "absolute"],
    ] as const;
    for (const [settings, seconds, reason] of cases) {
      const short = setUp(settings);
      short.at(NOW + seconds);
      assert.equal(await short.reasonOf(token), reason);
    }
  });

  it("gives no session more time when the settings are extended", async () => {
    const token = await setUp({ idleTimeout: 100 }).seal();
    const long = setUp({ idleTimeout: 86_400 });
    long.at(NOW + 99);
    const session = await long.sessions.unseal(token);
    assert.equal(session?.expiresAt, (NOW + 100) * 1000);
    long.at(NOW + 100);
    assert.equal(await long.reasonOf(token), "idle");
  });

  it("opens what is 60 s ahead of its clock, not 61 s", async () => {
    const bench = setUp();
    const token = await bench.seal();
    bench.at(NOW - 60);
    assert.equal(await bench.reasonOf(token), undefined);
    bench.at(NOW - 61);
    assert.equal(await bench.reasonOf(token), "future");
  });

  it("gives no session more time when the clock goes back", async () => {
    const bench = setUp({ idleTimeout: 600, absoluteTimeout: 900 });
    const token = await bench.seal();
    bench.at(NOW - 30);
    const session = await bench.sessions.unseal(token);
    assert.ok(session);
    const end = session.expiresAt;
    assert.equal(end, (NOW + 600) * 1000);
    session.set("cart", []);
    const again = await bench.sessions.seal(session);
    const { expiresAt } = (await bench.sessions.unseal(again))!;
    assert.ok(expiresAt <= end);
    assert.ok(expiresAt > (NOW - 30) * 1000);
  });

  it("works until the year 2106, where the format ends", async () => {
    const bench = setUp({ idleTimeout: 60 });
    bench.at(LAST_SECOND - 60);
    assert.equal(await bench.reasonOf(await bench.seal()), undefined);
    bench.at(LAST_SECOND - 59);
    await assert.rejects(() => bench.seal(), RangeError);
  });
});
