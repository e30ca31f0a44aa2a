type Placing = typeof import("./asked/placing.ts");

let loaded: Placing | undefined;

/** What few addresses and answers need; loaded and kept as in `asking.ts`. */
export async function placingOf(): Promise<Placing> {
  return loaded ??= await import("./asked/placing.ts");
}
