import type { Data } from "./subject.ts";

/** Sizes of the session's JSON. The last is the largest that fits everyone. */
export const SIZES: readonly number[] = [100, 1000, 2664];
/** All writes keep its number of digits. */
export const COUNT = 500_000;

/** Data whose JSON has so many bytes: a user, a cart, and a note to fill up. */
export function dataOf(bytes: number): Data {
  const user = { id: "7f3c9a1e", name: "Ada Lovelace" };
  const items: { sku: string; title: string; price: number }[] = [];
  const build = (note: string): Data => ({
    count: COUNT,
    user,
    ...items.length > 0 && { items },
    note,
  });
  const left = () => bytes - JSON.stringify(build("")).length;
  for (let number = 1; left() > 200; number++) {
    items.push({
      sku: `SKU-${10_000 + number}`,
      title: `Difference engine, part ${100 + number}`,
      price: 1999 + number,
    });
  }
  return build("abcdefghijklmnopqrstuvwxyz ".repeat(100).slice(0, left()));
}

/** A secret of 64 hexadecimal digits. */
export function makeSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
