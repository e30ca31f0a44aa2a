/**
 * Stands in for `node:test` inside a Worker: collects what a test file
 * registers and runs one test at a time. What it does not know it refuses, so
 * that no test can pass by not being understood.
 */

type Body = () => unknown;
type Options = { skip?: boolean | string; todo?: boolean | string };
type Rest = [Options, Body] | [Body];
type Hooks = Record<"before" | "after" | "beforeEach" | "afterEach", Body[]>;

interface Suite {
  name: string;
  parent: Suite | undefined;
  skip: string | undefined;
  hooks: Hooks;
  /** Tests in it and below it that have not run yet. */
  remaining: number;
  started?: Promise<void>;
}

interface Test {
  suite: Suite;
  name: string;
  skip: string | undefined;
  body: Body;
}

/** A test as the list shows it: its names from the outermost to its own. */
export interface Listed {
  path: string[];
  skip: string | undefined;
}

const root = newSuite("", undefined, undefined);
const tests: Test[] = [];
let current = root;

function newSuite(
  name: string,
  parent: Suite | undefined,
  skip: string | undefined,
): Suite {
  const hooks = { before: [], after: [], beforeEach: [], afterEach: [] };
  return { name, parent, skip, hooks, remaining: 0 };
}

function group(name: string, ...rest: Rest): void {
  const { options, body } = parse(name, rest);
  const outer = current;
  current = newSuite(name, outer, outer.skip ?? reason(options));
  try {
    if (body() !== undefined) {
      throw new TypeError(`describe("${name}") must be synchronous`);
    }
  } finally {
    current = outer;
  }
}

function single(name: string, ...rest: Rest): void {
  const { options, body } = parse(name, rest);
  const skip = current.skip ?? reason(options);
  tests.push({ suite: current, name, skip, body });
  if (skip !== undefined) return;
  for (const suite of lineage(current)) suite.remaining++;
}

function parse(
  name: string,
  rest: Rest,
): { options: Options; body: Body } {
  const [options, body] = rest.length === 1 ? [{}, rest[0]] : rest;
  if (typeof name !== "string" || typeof body !== "function") {
    throw new TypeError(`"${name}" needs a name and a function`);
  }
  if (body.length > 0) {
    throw new TypeError(`"${name}" must not take a context or a callback`);
  }
  for (const key of Object.keys(options)) {
    if (key !== "skip" && key !== "todo") {
      throw new TypeError(`"${name}" has the unknown option ${key}`);
    }
  }
  return { options, body };
}

function reason({ skip, todo }: Options): string | undefined {
  const value = skip || todo;
  return value ? String(value) : undefined;
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

function addHook(kind: keyof Hooks, body: Body): void {
  if (typeof body !== "function" || body.length > 0) {
    throw new TypeError(`${kind}() needs a function without parameters`);
  }
  current.hooks[kind].push(body);
}

export function before(body: Body): void {
  addHook("before", body);
}

export function after(body: Body): void {
  addHook("after", body);
}

export function beforeEach(body: Body): void {
  addHook("beforeEach", body);
}

export function afterEach(body: Body): void {
  addHook("afterEach", body);
}

/** Every registered test, in the order of registration. */
export function list(): Listed[] {
  return tests.map(({ suite, name, skip }) => ({
    path: [...lineage(suite).slice(1).map((outer) => outer.name), name],
    skip,
  }));
}

/** Runs one test with its hooks; rejects with what failed first. */
export async function run(index: number): Promise<void> {
  const test = tests[index];
  if (test === undefined || test.skip !== undefined) {
    throw new RangeError(`There is no test ${index} to run`);
  }
  const outerFirst = lineage(test.suite);
  const failures: unknown[] = [];
  const attempt = async (action: () => unknown): Promise<void> => {
    try {
      await action();
    } catch (error) {
      failures.push(error);
    }
  };
  const stray = (event: PromiseRejectionEvent): void => {
    failures.push(event.reason);
  };
  addEventListener("unhandledrejection", stray);
  await attempt(async () => {
    for (const suite of outerFirst) {
      await (suite.started ??= all(suite.hooks.before));
    }
    for (const suite of outerFirst) await all(suite.hooks.beforeEach);
    await test.body();
  });
  for (const suite of outerFirst.toReversed()) {
    await attempt(() => all(suite.hooks.afterEach));
    if (--suite.remaining === 0) await attempt(() => all(suite.hooks.after));
  }
  // A rejection counts as unhandled once the microtasks have run out.
  await new Promise((resolve) => setTimeout(resolve, 0));
  removeEventListener("unhandledrejection", stray);
  if (failures.length > 0) throw failures[0];
}

async function all(bodies: Body[]): Promise<void> {
  for (const body of bodies) await body();
}

function lineage(suite: Suite): Suite[] {
  const outer = suite.parent === undefined ? [] : lineage(suite.parent);
  return [...outer, suite];
}
