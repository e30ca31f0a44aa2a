/**
 * A schema of any library that follows Standard Schema version 1, such as
 * zod, valibot or arktype.
 *
 * @typeParam Output What the schema makes, and a handler reads.
 */
export interface StandardSchema<Output> {
  /** The part that the libraries have agreed on. */
  readonly "~standard": {
    /** Version of the agreement. */
    readonly version: 1;
    /** Name of the library. */
    readonly vendor: string;
    /** Checks a value; returns its output or the issues. */
    readonly validate: (
      value: unknown,
    ) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    /** Only for the compiler. */
    readonly types?:
      | { readonly input: unknown; readonly output: Output }
      | undefined;
  };
}

/** What a schema made of a value. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** Where a value does not fit. */
export interface SchemaIssue {
  /** What is wrong, in the words of the schema's library. */
  readonly message: string;
  /** The keys to the value, from the outermost on. */
  readonly path?:
    | readonly (PropertyKey | { readonly key: PropertyKey })[]
    | undefined;
}

/** The options that decide which data fits. */
export interface Fitting {
  readonly schema?: StandardSchema<object>;
  readonly migrate?: (old: unknown) => unknown;
}
