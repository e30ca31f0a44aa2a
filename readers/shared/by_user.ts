import type { SessionReader } from "../../src/readers/contract.ts";

/**
 * Has a session be another one once somebody else is logged in, for libraries
 * that sign in under the id of before: what a guest had here would otherwise
 * hide it.
 */
export function byUser(reader: SessionReader): SessionReader {
  return {
    ...reader,
    async read(given) {
      const found = await reader.read(given);
      if (!found) return undefined;
      const { id, key, user = "" } = found;
      return {
        ...found,
        key: JSON.stringify([key, user]),
        id: JSON.stringify([id ?? key, user]),
      };
    },
  };
}
