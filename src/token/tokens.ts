import { compressedPart, sealPart, unsealPart } from "../on_demand.ts";
import type { Tokens } from "../options/settings.ts";
import type { KeyMaterial } from "./content.ts";
import type { Keyring, Uses } from "./keyring.ts";

/**
 * The tokens of one cookie. The code that opens them is loaded for the first
 * token, the code that seals them for the first write.
 *
 * @param context See {@linkcode Keyring}.
 */
export function tokensOf(
  secrets: readonly KeyMaterial[],
  context: readonly string[],
  uses: Uses,
): Tokens {
  let ring: Keyring | undefined;
  const ringBy = (part: { Keyring: typeof Keyring }) =>
    ring ??= new part.Keyring(secrets, context, {
      ...uses,
      compressed: compressedPart,
    });
  const tokens: Tokens = {
    seal: (content) => {
      const part = sealPart();
      return part instanceof Promise
        ? part.then(() => tokens.seal(content))
        : part.seal(ringBy(part), content);
    },
    unseal: (token, now) => {
      const part = unsealPart();
      return part instanceof Promise
        ? part.then(() => tokens.unseal(token, now))
        : part.unseal(ringBy(part), token, now);
    },
  };
  return tokens;
}
