type Placing = typeof import("./request/address.ts");

let loaded: Placing | undefined;

/** What few addresses and answers need; loaded and kept as in `asking.ts`. */
export async function placingOf(): Promise<Placing> {
  return loaded ??= await import("./request/address.ts");
}
