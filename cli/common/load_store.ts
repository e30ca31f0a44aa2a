import { existsSync } from "node:fs";
import { resolve } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { errorText } from "./error_text.ts";
import type { SessionStore } from "../../src/store/contract.ts";
import { FailedError, UsageError } from "./problems.ts";
import { mayBeSecret, shorten, typed } from "./text.ts";

/** A store that a module of the program exports. */
export interface LoadedStore {
  readonly store: SessionStore;
  /** By which name it is exported. */
  readonly name: string;
}

/**
 * Loads a module of the program, and takes the store that it exports, or what a
 * function that it exports returns.
 *
 * @param path As typed, from the working directory.
 * @param wanted The name of the export; without one, `default`, `store`, or the
 * only store there is.
 */
export async function loadStore(
  path: string,
  wanted: string | undefined,
): Promise<LoadedStore> {
  const shown = shorten(path, 60);
  const exports = await load(path, shown);
  const names = wanted === undefined
    ? ["default", "store", ...Object.keys(exports)]
    : [wanted];
  for (const name of new Set(names)) {
    if (!Object.hasOwn(exports, name)) continue;
    const found = await storeIn(
      exports[name],
      name === wanted || name === "default" || name === "store",
    );
    if (found) return { store: found, name };
  }
  const others = Object.keys(exports).join(", ") || "nothing";
  throw new FailedError(
    `${shown} exports no store${wanted ? ` named ${typed(wanted)}` : ""}: ` +
      `it exports ${
        shorten(others, 60)
      }. Write: export const store = new …Store(…)`,
  );
}

async function load(
  path: string,
  shown: string,
): Promise<Record<string, unknown>> {
  if (/^[a-z]+:\/\//i.test(path) && !path.startsWith("file:")) {
    throw new UsageError(
      "A store is a module of this machine, such as ./store.ts",
    );
  }
  const address = path.startsWith("file:")
    ? path
    : pathToFileURL(resolve(process.cwd(), path)).href;
  // The loader's message would repeat it.
  if (mayBeSecret(path) && !existsSync(path)) {
    throw new FailedError(
      "There is no such file: name a module, ./store.ts say",
    );
  }
  try {
    return await import(address);
  } catch (error) {
    throw new FailedError(`Cannot load ${shown}: ${errorText(error)}`);
  }
}

/** @param isCalled Whether a function is called to get at it. */
async function storeIn(
  value: unknown,
  isCalled: boolean,
): Promise<SessionStore | undefined> {
  let found = await value;
  if (isCalled && typeof found === "function" && !isClass(found)) {
    try {
      found = await found();
    } catch (error) {
      throw new FailedError(`The store cannot be made: ${errorText(error)}`);
    }
  }
  return isStore(found) ? found : undefined;
}

function isClass(value: unknown): boolean {
  return /^class\b/.test(Function.prototype.toString.call(value));
}

function isStore(value: unknown): value is SessionStore {
  const { consistency, get, create, update } = Object(value);
  return (consistency === "strong" || consistency === "eventual") &&
    [get, create, update, Object(value).delete]
      .every((each) => typeof each === "function");
}
