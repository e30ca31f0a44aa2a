import type { SessionStore } from "../store/contract.ts";
import { checkArgument, isOptions, refuse, tagOf } from "./check.ts";

/** What a value must be, in words and as a test. */
export type Rule = readonly [must: string, test: (value: unknown) => boolean];

/** For an option that is on or off. */
export const FLAG: Rule = oneOf(true, false);
const FUNCTION = like(/^function/, "be a function");
const WAIT: Rule = [
  "be seconds, 300 at most",
  (value) => typeof value === "number" && value > 0 && value <= 300,
];
/** For a store, or a function that makes one later. */
export const STORE: Rule = storing(having("create", "get", "update", "delete"));
/** For an option that is checked where it is read. */
const ANY: Rule = ["", () => true];

/** The rules of the option `overflow`. */
export const PARTS: Readonly<Record<string, Rule>> = {
  most: like(/^number:[2-9]$/, "be 2 to 9"),
  maxBytes: like(/^number:[1-9]\d{3,4}$/, "be bytes, 1000 to 99999"),
};

/** The rules of all options. */
export const OPTIONS: Readonly<Record<string, Rule>> = {
  secret: ANY,
  absoluteTimeout: ANY,
  idleTimeout: ANY,
  renewAfter: ANY,
  lazy: FLAG,
  persistent: FLAG,
  clearCache: FLAG,
  encrypt: FLAG,
  compress: FLAG,
  when: [
    "be a function that is not async",
    (value) => isFunction(value) && !/Async/.test(tagOf(value)),
  ],
  migrate: FUNCTION,
  onEvent: FUNCTION,
  now: FUNCTION,
  codec: having("parse", "stringify"),
  accept: [
    "be a list of readers",
    (value) =>
      Array.isArray(value) &&
      value.every((each, i) =>
        having("read", "clear")[1](each) ||
        refuse(`accept[${i}]`, "must be what a reader's function returns", each)
      ),
  ],
  store: STORE,
  revocations: STORE,
  onStoreError: oneOf("throw", "anonymous"),
  trackIdle: oneOf("cookie", "store"),
  cookie: ["be an object", isOptions],
  overflow: [
    "be error, parts, { most, maxBytes } or a store",
    (value) =>
      value === "error" || value === "parts" || isOptions(value) ||
      STORE[1](value),
  ],
  storeTimeout: WAIT,
  revocationsMaxAge: WAIT,
  // Bytes: no sign passes, nor the first letter of NaN or Infinity.
  tokenCache: like(/^number:\d/, "be bytes, 0 or more"),
  schema: [
    "follow Standard Schema 1",
    (value) => {
      const { version, validate } = Object(Object(value)["~standard"]);
      return version === 1 && isFunction(validate);
    },
  ],
  csrf: [
    "be true, false or a list of origins",
    (value) =>
      typeof value === "boolean" ||
      Array.isArray(value) && value.every((each, i) =>
          isOrigin(each) ||
          refuse(
            `csrf[${i}]`,
            "must be an origin such as https://example.com",
            each,
          )
        ),
  ],
};

/**
 * The given options, without those that are `undefined`.
 *
 * @param prefix What stands before the options' names in messages.
 * @throws {TypeError} If an option is unknown or of the wrong kind.
 * @throws {RangeError} If the wrong value is a number.
 */
export function pick<Options extends object>(
  options: Options,
  rules: Readonly<Record<string, Rule>>,
  prefix = "",
): { [Name in keyof Options]: Exclude<Options[Name], undefined> } {
  checkArgument("options", "object", options);
  const known = Object.keys(rules);
  // Inherited ones count, too.
  for (const name in options) {
    if (!known.includes(name)) {
      refuse(prefix + name, `is unknown: there is ${known.join(", ")}`);
    }
  }
  const given: Record<string, unknown> = {};
  for (const [name, [must, test]] of Object.entries(rules)) {
    const value = options[name as never];
    if (value === undefined) continue;
    if (!test(value)) refuse(prefix + name, `must ${must}`, value);
    given[name] = value;
  }
  return given as ReturnType<typeof pick<Options>>;
}

/** A rule for the kind and the text of a value, such as `boolean:true`. */
/* @__NO_SIDE_EFFECTS__ */
export function like(pattern: RegExp, must: string): Rule {
  return [
    must,
    (value) => {
      const kind = typeof value;
      // Leave out an object's text: making it may throw anything.
      return pattern.test(`${kind}:${kind === "object" ? "" : String(value)}`);
    },
  ];
}

/** A rule that allows a few values. */
/* @__NO_SIDE_EFFECTS__ */
export function oneOf(...values: unknown[]): Rule {
  return [`be ${values.join(" or ")}`, (value) => values.includes(value)];
}

/* @__NO_SIDE_EFFECTS__ */
function having(...methods: string[]): Rule {
  return [
    `have ${methods.join(", ")}`,
    (value) => methods.every((name) => isFunction(Object(value)[name])),
  ];
}

/* @__NO_SIDE_EFFECTS__ */
function storing([must, hasMethods]: Rule): Rule {
  return [
    `${must} and a consistency`,
    (value) =>
      // A class is refused: called without `new`, it makes no store.
      isFunction(value) && !Object(value).prototype?.get ||
      hasMethods(value) &&
        /^(strong|eventual)$/.test(Object(value).consistency),
  ];
}

function isFunction(value: unknown): boolean {
  return typeof value === "function";
}

function isOrigin(value: unknown): boolean {
  if (typeof value !== "string" || !URL.canParse(value)) return false;
  // `origin` is "null" for other schemes than the web's, such as an app's.
  const { protocol, host } = new URL(value);
  return `${protocol}//${host}` === value && !/\*|\/$/.test(value);
}

/** Refuses a store that is late, or may drop what an option needs it to keep. */
export function checkStrong(
  name: "revocations" | "overflow",
  store: SessionStore | (() => SessionStore) | undefined,
): void {
  if (
    typeof store === "object" &&
    (store.consistency !== "strong" || store.evicts)
  ) {
    refuse(
      name,
      "needs a strong store that drops no record",
    );
  }
}
