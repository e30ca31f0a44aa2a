import { cryptoCalls } from "./crypto_calls.ts";

/** What a request does that costs time; what is not named was not done. */
export type Costs = Record<string, number>;

/** What is counted besides WebCrypto: the costly parts of any platform. */
const WATCHED: readonly (readonly [name: string, home: object, key: string])[] =
  [
    ["parse", JSON, "parse"],
    ["stringify", JSON, "stringify"],
    ["decodeText", TextDecoder.prototype, "decode"],
    ["random", Object.getPrototypeOf(crypto), "getRandomValues"],
    ["getHeader", Headers.prototype, "get"],
    ["setHeader", Headers.prototype, "set"],
    ["appendHeader", Headers.prototype, "append"],
    ["listHeaders", Headers.prototype, "keys"],
    ["hasHeader", Headers.prototype, "has"],
    ["listCookies", Headers.prototype, "getSetCookie"],
    ["response", globalThis, "Response"],
    ["response", Response.prototype, "clone"],
    ["timer", globalThis, "setTimeout"],
  ];

/**
 * What happens between the start and the end of `run`, as exact numbers:
 * unlike time, they are the same on every machine. `turns` is how often the
 * microtask queue was waited for, in a run that waits for nothing else.
 */
export async function costsOf(run: () => Promise<unknown>): Promise<Costs> {
  const costs: Costs = {};
  const restores = WATCHED.map(([name, home, key]) => {
    const original = Reflect.get(home, key);
    const count = () => void (costs[name] = (costs[name] ?? 0) + 1);
    const put = (value: unknown) => {
      if (!Reflect.set(home, key, value)) {
        throw new Error(`Cannot watch ${key}`);
      }
    };
    put(
      new Proxy(original, {
        apply(target, self, args) {
          count();
          return Reflect.apply(target, self, args);
        },
        construct(target, args) {
          count();
          return Reflect.construct(target, args);
        },
      }),
    );
    return () => put(original);
  });
  try {
    return { ...await cryptoCalls(run), ...costs };
  } finally {
    for (const restore of restores) restore();
  }
}

/** How many turns of the microtask queue something takes, up to 100. */
export async function turnsOf(run: () => Promise<unknown>): Promise<number> {
  let isDone = false;
  const finish = () => {
    isDone = true;
  };
  void run().then(finish, finish);
  let turns = 0;
  while (!isDone && turns < 100) {
    await undefined;
    turns++;
  }
  return turns;
}
