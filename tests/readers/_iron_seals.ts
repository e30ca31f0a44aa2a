import assert from "node:assert/strict";
import { sealData } from "iron-session";
import { it } from "node:test";
import { FORGERIES } from "../shared/forgeries.ts";

/** What makes and opens seals of one library. */
export interface Seals {
  /** A good one, by the library itself; another one with each call. */
  make(): Promise<string>;
  /** What the reader finds in one; nothing, if it is not good. */
  open(seal: string): Promise<unknown>;
}

/** Tests that nothing is opened but what the library has sealed. */
export function refuseForgedSeals({ make, open }: Seals): void {
  const two = async () =>
    [await make(), await make()].map((seal) => seal.split("*")) as [
      string[],
      string[],
    ];

  it("is refused with each character changed", async () => {
    const seal = await make();
    assert.ok(await open(seal));
    for (let i = 0; i < seal.length; i++) {
      for (const char of ["A", "0", "*", "_"]) {
        if (seal[i] === char) continue;
        const forged = seal.slice(0, i) + char + seal.slice(i + 1);
        assert.equal(await open(forged), undefined, `${i} ${char}`);
      }
    }
  });

  for (const [how, forge] of Object.entries(FORGERIES)) {
    // Those that take a token apart want base64url: a part of a seal is that.
    it(`is refused if of its parts ${how}`, async () => {
      const [one, other] = await two();
      for (const at of [3, 4, 7]) {
        const part = one[at] ?? "";
        const twin = other[at] ?? "";
        let count = 0;
        for (
          const forged of forge(part.padEnd(90, "A"), twin.padEnd(90, "A"))
        ) {
          // Every seventh, as each costs keys: they differ in where they are.
          if (count++ % 7 || forged === part) continue;
          const parts = one.with(at, forged);
          assert.equal(await open(parts.join("*")), undefined);
        }
      }
    });
  }

  it("is refused with fields of another, left out or added", async () => {
    const [one, other] = await two();
    assert.equal(one.length, 8);
    for (let i = 0; i < one.length; i++) {
      if (one[i] !== other[i]) {
        const mixed = one.with(i, other[i] ?? "");
        assert.equal(await open(mixed.join("*")), undefined, `${i}`);
      }
      for (const forged of [one.toSpliced(i, 1), one.toSpliced(i, 0, "")]) {
        assert.equal(await open(forged.join("*")), undefined, `${i}`);
      }
    }
    // The end that it says it has is under its signature.
    for (const end of [`${Date.now() + 777_600_000_000}`, ""]) {
      if (one[5] === end) continue;
      assert.equal(await open(one.with(5, end).join("*")), undefined);
    }
    assert.equal(await open(one.with(1, "2").join("*")), undefined);
  });
}

/** Text that a stranger may send, and that costs nothing. */
export const HOSTILE_SEALS: readonly string[] = [
  "*".repeat(100_000),
  "Fe26.2" + "*".repeat(100_000),
  "Fe26.2*" + "a".repeat(100_000),
  `Fe26.2**${"0".repeat(64)}*${"A".repeat(22)}*${"A".repeat(100_000)}`,
  // Of 15 bytes, which no block cipher makes.
  `Fe26.2**${"0".repeat(64)}*${"A".repeat(22)}*${"A".repeat(20)}**${
    "0".repeat(64)
  }*${"A".repeat(43)}`,
  "\0".repeat(1000),
  `Fe26.2*\0*${"0".repeat(64)}`,
  "%2A%ff%",
  "~".repeat(100_000),
  "\ud800",
  "",
  " ",
  "=",
];

/** A seal of anything, with one iteration, by iron-session. */
export async function sealAny(
  value: unknown,
  password: string,
): Promise<string> {
  const seal = await sealData(value as never, { password, ttl: 0 });
  return seal.split("~")[0] ?? "";
}
