// What a target is, and what all of them need.

import type { SessionOptions } from "../../mod.ts";
import type { Sealed } from "../../src/token/content.ts";
import { seal } from "../../src/token/seal.ts";
import { CONTEXT, filled, NOW, SECRET } from "../../tests/shared/format.ts";
import { contentOf, ringOf, writerOf } from "../../tests/shared/rings.ts";

/** A part of the library that gets text of strangers, and its rules. */
export interface Target {
  /** What an input is. */
  readonly about: string;
  /** What inputs are likely to hold. */
  readonly words: readonly string[];
  /** Inputs to begin with. */
  seeds(): readonly string[] | Promise<readonly string[]>;
  /** Throws if the library has broken a rule. */
  run(input: string): void | Promise<void>;
}

/** The options of all targets. */
export const OPTIONS: Pick<SessionOptions, "secret" | "now"> = {
  secret: SECRET,
  now: () => NOW * 1000,
};
export const URL_HERE = "https://example.com/";

const rings = new Map<string, ReturnType<typeof ringOf>>();

/**
 * The token of a content, always the same one: inputs in the corpus hold it.
 *
 * @param nonce One for each content.
 */
export async function tokenOf(
  nonce: number,
  content: Partial<Sealed>,
  context: readonly string[] = CONTEXT,
  secret: string = SECRET,
): Promise<string> {
  const name = `${context} ${secret}`;
  const ring = rings.get(name) ?? ringOf(secret, context);
  rings.set(name, ring);
  ring.writer ??= await writerOf(ring, filled(12, 3));
  const { writer } = ring;
  return await seal(ring, contentOf(content), writer, filled(12, nonce));
}

/** Choices from the first line of an input, and texts from the others. */
export class Choices {
  readonly #choices: string;
  readonly #lines: string[];
  #at = 0;

  constructor(input: string) {
    [this.#choices = "", ...this.#lines] = input.split("\n");
  }

  /** A number below this one; 0 when the choices are used up. */
  below(most: number): number {
    return (this.#choices.charCodeAt(this.#at++) || 0) % most;
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item;
  }

  text(): string {
    return this.#lines.shift() ?? "";
  }

  /** All lines that are left. */
  rest(): string {
    return this.#lines.splice(0).join("\n");
  }
}

/** A text as a header field can hold it. */
export function fieldOf(text: string): string {
  return text.replace(/[\0\r\n]|[^\0-\xff]/g, "?");
}

/** Parses JSON; `undefined` if it is none. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether a value is an object, and no list. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return Object(value) === value && !Array.isArray(value);
}

/**
 * Refuses an error that shows parts of an input, in whatever it says.
 *
 * @param input Only parts of at least 12 characters with a digit are looked for:
 * others stand in messages by chance.
 */
export function tellsNothing(error: unknown, input: string): void {
  const { message = "", cause } = Object(error);
  for (const said of [`${message}`, `${Object(cause).message ?? ""}`]) {
    for (const part of input.match(/[A-Za-z0-9_-]{12,}/g) ?? []) {
      if (/\d/.test(part) && said.includes(part)) {
        throw new Error(`It tells an input: ${said}`);
      }
    }
  }
}
