/** Options, or a function that makes them from the platform's arguments. */
export type OptionsFor<Options, Args extends unknown[]> =
  | Options
  | ((...args: Args) => Options);

/**
 * Resolves options, or what a function makes of the platform's arguments. The
 * function is called once for each environment, which is its first argument, or
 * once in all if there is none.
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
      // Deno passes new arguments with each request. If the function returns
      // the same object, its keys are not imported again.
      resolved = known.get(made) ?? resolve(made);
      known.set(place, resolved).set(made, resolved);
    }
    return resolved;
  };
}
