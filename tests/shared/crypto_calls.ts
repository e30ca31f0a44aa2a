const METHODS = [
  "decrypt",
  "deriveBits",
  "deriveKey",
  "digest",
  "encrypt",
  "exportKey",
  "generateKey",
  "importKey",
  "sign",
  "unwrapKey",
  "verify",
  "wrapKey",
] as const;

/** A method of WebCrypto. */
export type CryptoMethod = typeof METHODS[number];
type AnyMethod = (...args: unknown[]) => Promise<unknown>;

/** What WebCrypto does while `run` runs: how often each method was called. */
export async function cryptoCalls(
  run: () => Promise<unknown>,
): Promise<Partial<Record<CryptoMethod, number>>> {
  const counts: Partial<Record<CryptoMethod, number>> = {};
  await withCrypto(
    METHODS,
    (method, original) => {
      counts[method] = (counts[method] ?? 0) + 1;
      return original();
    },
    run,
  );
  return counts;
}

/** Stands between the caller and some methods of WebCrypto while `run` runs. */
export async function withCrypto<Result>(
  methods: readonly CryptoMethod[],
  watch: (
    method: CryptoMethod,
    original: () => Promise<unknown>,
  ) => Promise<unknown>,
  run: () => Promise<Result>,
): Promise<Result> {
  const home = Object.getPrototypeOf(crypto.subtle);
  const restores = methods.map((method) => {
    const own = Object.getOwnPropertyDescriptor(home, method);
    if (!own) throw new Error(`SubtleCrypto has no ${method}`);
    const original = own.value as AnyMethod;
    Object.defineProperty(home, method, {
      ...own,
      value(this: unknown, ...args: unknown[]) {
        return watch(method, () => original.apply(this, args));
      },
    });
    return () => Object.defineProperty(home, method, own);
  });
  try {
    return await run();
  } finally {
    for (const restore of restores) restore();
  }
}
