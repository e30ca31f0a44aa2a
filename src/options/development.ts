interface Environment {
  readonly process?: {
    readonly env?: Readonly<Record<string, string | undefined>>;
  };
}

/**
 * Whether the program says that it is in development, by `NODE_ENV`. Deno would
 * ask its user for the variable, so it is not asked there.
 */
export function isDevelopment(): boolean {
  const env = "Deno" in globalThis
    ? undefined
    : (globalThis as Environment).process?.env;
  return env?.["NODE_ENV"] === "development";
}
