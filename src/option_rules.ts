import { refuse } from "./check.ts";

/** What an option must be, in words and as a test. */
type Rule = readonly [must: string, test: (value: unknown) => boolean];

const FLAG: Rule = ["be true or false", (value) => typeof value === "boolean"];
const FUNCTION: Rule = ["be a function", isFunction];

const STORE = having("create", "get", "update", "delete");

/** Of the options that are no secret, no duration and not the cookie. */
const RULES: Readonly<Record<string, Rule>> = {
  lazy: FLAG,
  persistent: FLAG,
  encrypt: FLAG,
  when: FUNCTION,
  migrate: FUNCTION,
  onEvent: FUNCTION,
  now: FUNCTION,
  codec: having("parse", "stringify"),
  store: STORE,
  revocations: STORE,
  onStoreError: oneOf("throw", "anonymous"),
  trackIdle: oneOf("cookie", "store"),
  cookie: ["be an object", (value) => Object(value) === value],
  storeTimeout: [
    "be seconds, 300 at most",
    (value) => typeof value === "number" && value > 0 && value <= 300,
  ],
  schema: [
    "follow Standard Schema",
    (value) => isFunction(Object(Object(value)["~standard"]).validate),
  ],
  csrf: [
    "be true, false or a list of origins such as https://example.com",
    (value) =>
      typeof value === "boolean" ||
      Array.isArray(value) && value.every(isOrigin),
  ],
};

/**
 * Refuses options of the wrong kind.
 *
 * @throws {TypeError} With the name of the option.
 * @throws {RangeError} If it is a number.
 */
export function checkKinds(options: object): void {
  for (const [name, value] of Object.entries(options)) {
    const [must, test] = RULES[name] ?? [];
    if (value !== undefined && test && !test(value)) {
      refuse(name, `must ${must}`, value);
    }
  }
}

function isFunction(value: unknown): boolean {
  return typeof value === "function";
}

function isOrigin(value: unknown): boolean {
  return URL.canParse(`${value}`) && new URL(`${value}`).origin === value;
}

function having(...methods: string[]): Rule {
  return [
    `have ${methods.join(", ")}`,
    (value) => methods.every((name) => isFunction(Object(value)[name])),
  ];
}

function oneOf(...names: unknown[]): Rule {
  return [`be ${names.join(" or ")}`, (value) => names.includes(value)];
}
