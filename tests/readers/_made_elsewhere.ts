import assert from "node:assert/strict";
import { it } from "node:test";
import type { SessionReader } from "../../mod.ts";

// For cookies that programs in other languages have made: see vectors/made_by/.

export const NOBODY: object = { user: null, data: {}, lines: [] };

export type Cookies = Readonly<Record<string, string | readonly string[]>>;

/** What a reader finds among cookies, by itself. */
export async function readCookies(
  reader: SessionReader,
  cookies: Cookies,
  now: number,
): Promise<
  {
    key?: string | undefined;
    id?: string | undefined;
    user?: string | undefined;
    data?: object | undefined;
    end?: (() => Promise<unknown>) | undefined;
  } | undefined
> {
  return await reader.read({
    names: Object.keys(cookies),
    valuesOf: (name) => [cookies[name] ?? []].flat(),
    now,
  });
}

/** Texts that no program has made. */
const HOSTILE: readonly string[] = [
  "*".repeat(100_000),
  ".".repeat(100_000),
  "-".repeat(100_000),
  ":".repeat(100_000),
  "|".repeat(100_000),
  "=".repeat(100_000),
  "A".repeat(100_000),
  "A=".repeat(50_000),
  ".A".repeat(50_000),
  "A--".repeat(30_000),
  "%".repeat(4000),
  "%2D%2D",
  "%ff",
  "\0".repeat(1000),
  "\ud800",
  "null",
  "{}",
  "e30=",
  "e30",
  "",
  " ",
  "=",
  '"',
];

/** A good cookie, beside another one, and what opens such a one. */
export interface Made {
  readonly good: string;
  readonly other: string;
  /** What stands between parts that are exchanged. */
  readonly between: string;
  open(value: string): Promise<unknown>;
}

/** Registers tests of what somebody makes of a good cookie. */
export function refuseChanged({ good, other, between, open }: Made): void {
  it("is refused with each character changed", async () => {
    assert.ok(await open(good));
    for (let i = 0; i < good.length; i++) {
      for (const char of ["A", "B", "0", "-", "_", "="]) {
        if (good[i] === char) continue;
        const changed = good.slice(0, i) + char + good.slice(i + 1);
        assert.equal(await open(changed), undefined, `${i} ${char}`);
      }
    }
  });

  it("is refused with a character put in or left out", async () => {
    for (let i = 0; i <= good.length; i++) {
      const [start, end] = [good.slice(0, i), good.slice(i)];
      const changed = [start + end.slice(1)];
      for (const char of ["A", "=", " ", "\0"]) {
        changed.push(start + char + end);
      }
      for (const value of changed) {
        if (value === good) continue;
        assert.equal(await open(value), undefined, `${i} ${value}`);
      }
    }
  });

  it("is refused if it is cut, at either end", async () => {
    for (let i = 1; i < good.length; i++) {
      assert.equal(await open(good.slice(i)), undefined, `${i}`);
      assert.equal(await open(good.slice(0, i)), undefined, `${i}`);
    }
  });

  it("is refused with parts of another", async () => {
    const [one, two] = [good, other].map((value) => value.split(between));
    assert.ok(one && two && await open(other));
    assert.equal(one.length, two.length);
    for (let i = 0; i < one.length; i++) {
      if (one.length === 1 || one[i] === two[i]) continue;
      const mixed = one.with(i, two[i] ?? "").join(between);
      assert.equal(await open(mixed), undefined, `${i}`);
      const left = one.toSpliced(i, 1).join(between);
      assert.equal(await open(left), undefined, `${i}`);
      const twice = one.toSpliced(i, 0, one[i] ?? "").join(between);
      assert.equal(await open(twice), undefined, `${i}`);
    }
  });

  it("is refused if it is none, at no cost", async () => {
    const calls = await countCalls(async () => {
      for (const text of HOSTILE) assert.equal(await open(text), undefined);
    });
    assert.deepEqual(calls, {});
  });
}

const COUNTED = ["decrypt", "deriveBits", "digest", "sign", "verify"] as const;

/** Counts the calls of WebCrypto while something runs. */
export async function countCalls(
  run: () => Promise<unknown>,
): Promise<Partial<Record<typeof COUNTED[number], number>>> {
  const { subtle } = crypto;
  const count: Partial<Record<typeof COUNTED[number], number>> = {};
  for (const name of COUNTED) {
    const real = subtle[name];
    Object.defineProperty(subtle, name, {
      configurable: true,
      value: (...args: never[]) => {
        count[name] = (count[name] ?? 0) + 1;
        return Reflect.apply(real, subtle, args);
      },
    });
  }
  try {
    await run();
  } finally {
    for (const name of COUNTED) Reflect.deleteProperty(subtle, name);
  }
  return count;
}

/** Registers tests of options that are wrong. */
export function refuseOptions(
  name: string,
  make: (more: object) => unknown,
  bad: Readonly<Record<string, readonly unknown[]>>,
  secret: string,
): void {
  const all: typeof bad = {
    until: [undefined, null, "soon"],
    cookie: [null, "session", { name: "" }],
    map: [null, "user"],
    ofAnotherReader: [1],
    ...bad,
  };
  for (const [option, values] of Object.entries(all)) {
    it(`refuses a bad ${option}, and names it`, () => {
      for (const value of values) {
        assert.throws(
          () => make({ [option]: value }),
          (error: Error) =>
            /^(Type|Range)Error$/.test(error.name) &&
            error.message.startsWith(`Option ${name}.${option}`) &&
            !error.message.includes(secret),
          `${option} ${JSON.stringify(value)}`,
        );
      }
    });
  }
}
