/** Options, or a function that makes them from the platform's arguments. */
export type OptionsFor<Options, Args extends unknown[]> =
  | Options
  | ((...args: Args) => Options);

/**
 * What is resolved from the options, for the platform's arguments. A function
 * is asked once for each environment, the first argument, and once in all
 * where there is none.
 */
export function resolveOnce<Options extends object, Resolved>(
  options: OptionsFor<Options, never[]>,
  resolve: (options: Options) => Resolved,
): (args: never[]) => Resolved {
  if (typeof options !== "function") {
    const resolved = resolve(options);
    return () => resolved;
  }
  const known = new WeakMap<object, Resolved>();
  return (args) => {
    const place: object = Object(args[0] ?? known);
    let resolved = known.get(place);
    if (!resolved) {
      const made = options(...args);
      // Deno passes new arguments with each request; options that stay the
      // same object still make the same keys.
      resolved = known.get(made) ?? resolve(made);
      known.set(place, resolved).set(made, resolved);
    }
    return resolved;
  };
}
