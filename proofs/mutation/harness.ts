// Stands in for `node:test` where tests are run again and again in one process:
// keeps what a file registers, and runs one test when it is told to. What it
// does not know it refuses, so that no test passes by not being understood.

type Body = () => unknown;
type Options = { skip?: boolean | string; todo?: boolean | string };
type Rest = [Options, Body] | [Body];

/** A test, by a name that no other has. */
export interface Registered {
  readonly file: string;
  readonly name: string;
  readonly body: Body;
}

/** All tests, in the order in which they were registered. */
export const registered: Registered[] = [];

const names = new Map<string, number>();
let path: string[] = [];
let file = "";
let isSkipped = false;

/** Says which file is loaded next. */
export function enter(name: string): void {
  file = name;
}

function parse(name: string, rest: Rest): { isLeft: boolean; body: Body } {
  const [options, body] = rest.length === 1 ? [{}, rest[0]] : rest;
  if (typeof body !== "function" || body.length > 0) {
    throw new TypeError(`"${name}" must be a function without parameters`);
  }
  for (const key of Object.keys(options)) {
    if (key !== "skip" && key !== "todo") {
      throw new TypeError(`"${name}" has the unknown option ${key}`);
    }
  }
  return { isLeft: Boolean(options.skip || options.todo), body };
}

function group(name: string, ...rest: Rest): void {
  const { isLeft, body } = parse(name, rest);
  const outer = { path, isSkipped };
  path = [...path, name];
  isSkipped ||= isLeft;
  try {
    if (body() !== undefined) {
      throw new TypeError(`describe("${name}") must be synchronous`);
    }
  } finally {
    ({ path, isSkipped } = outer);
  }
}

function single(name: string, ...rest: Rest): void {
  const { isLeft, body } = parse(name, rest);
  if (isSkipped || isLeft) return;
  const whole = [file, ...path, name].join(" > ");
  const times = (names.get(whole) ?? 0) + 1;
  names.set(whole, times);
  registered.push({
    file,
    name: times === 1 ? whole : `${whole} (${times})`,
    body,
  });
}

interface Register {
  (name: string, ...rest: Rest): void;
  skip(name: string, ...rest: Rest): void;
}

function withSkip(register: (name: string, ...rest: Rest) => void): Register {
  const skip = (name: string, ...rest: Rest) =>
    register(name, { skip: true }, parse(name, rest).body);
  return Object.assign(register.bind(undefined), { skip });
}

export const describe: Register = withSkip(group);
export const it: Register = withSkip(single);

/** A test would be run without these, so none may need them. */
export function before(): never {
  throw new TypeError("Hooks are not known here");
}
export const beforeEach: () => never = before;
export const afterEach: () => never = before;

/** What a file closes once it is done ends with the process. */
export function after(): void {}
