import { makeBudget } from "./budget.ts";
import {
  decryptIron,
  type IronSeal,
  isAuthentic,
  keyOf,
  macKeyOf,
} from "./iron.ts";

// Seals whose keys are slow to make. Which keys is for the seal to say, by its
// salts: anybody can write one that needs a new key, and only that key shows
// that nobody with the password has (docs/decisions/036).

/** How many of such keys are made at once, and with each second. */
export const MOST_IN_VAIN = 32;
export const IN_VAIN_PER_SECOND = 10;

/** How many keys a process remembers: each seal that was good has two. */
const MOST_GOOD = 10_000;
const MOST_UNPROVEN = 1000;

/**
 * Opens a seal.
 *
 * @param now In ms since 1970.
 * @returns `undefined` if it is not good.
 * @throws If others have used up what there is for seals that are not good.
 */
export type SlowOpener = (seal: IronSeal, now: number) => Promise<unknown>;

type Keys = Map<string, Promise<ArrayBuffer>>;

/**
 * Makes what opens such seals. It remembers the keys, not what was sealed.
 *
 * @param iterations How often PBKDF2 hashes the password.
 */
export function makeSlowOpener(
  iterations: number,
  library: string,
): SlowOpener {
  const spend = makeBudget(
    MOST_IN_VAIN,
    IN_VAIN_PER_SECOND,
    `Too many cookies in place of one of ${library} could not be opened: this one is not tried before the next second`,
  );
  // Strangers' keys must not push out the others.
  const good: Keys = new Map();
  const unproven: Keys = new Map();
  return async (seal, now) => {
    const name = `mac ${seal.id} ${seal.macSalt}`;
    let macKey = good.get(name) ?? unproven.get(name);
    if (!macKey) {
      macKey = spend(
        now,
        () => macKeyOf(seal, iterations),
        (key) => isAuthentic(seal, key),
      );
      keep(unproven, MOST_UNPROVEN, name, macKey);
      macKey.catch(() => unproven.delete(name));
    }
    if (!await isAuthentic(seal, await macKey)) return undefined;
    unproven.delete(name);
    keep(good, MOST_GOOD, name, macKey);
    const other = `key ${seal.id} ${seal.salt}`;
    const key = good.get(other) ?? keyOf(seal, iterations);
    keep(good, MOST_GOOD, other, key);
    return await decryptIron(seal, await key);
  };
}

/** Puts a key last; the first is forgotten if there are too many. */
function keep(
  keys: Keys,
  most: number,
  name: string,
  key: Promise<ArrayBuffer>,
): void {
  keys.delete(name);
  keys.set(name, key);
  if (keys.size <= most) return;
  for (const first of keys.keys()) {
    keys.delete(first);
    return;
  }
}
