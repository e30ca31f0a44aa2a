import { bodyOf, craft, type Fields, filled, utf8 } from "./format.ts";
import { turn } from "./support.ts";

/** A value of our cookie that opens no session. */
export interface BadCookie {
  readonly kind: string;
  /** The reason, or the type of the event that has none of these. */
  readonly told: string;
  readonly token: string;
  /** It may be good elsewhere, so no answer to a read clears it. */
  readonly isSpared?: true;
}

/** What bad cookies are made from. */
export interface Material {
  readonly secret: string;
  /** What the tokens of this program are for: `session`, or `store`. */
  readonly purpose: string;
  /** A token that opens. */
  readonly good: string;
  /** In seconds since 1970. */
  readonly now: number;
}

/**
 * One of each kind that is refused by what stands in it. What is refused by
 * what is known elsewhere, an ended session say, needs a story.
 */
export async function badCookies(
  { secret, purpose, good, now }: Material,
): Promise<BadCookie[]> {
  const context = [purpose, "__Host-sid"];
  const bodyWith = (fields: Fields = {}) => bodyOf({ created: now, ...fields });
  const write = (fields?: Fields) =>
    craft({ secret, context, body: bodyWith(fields) });
  const sealedFor = (...context: string[]) =>
    craft({ secret, context, body: bodyWith() });
  const bad = (kind: string, told: string, token: string): BadCookie => ({
    kind,
    told,
    token,
  });
  const spared = (kind: string, told: string, token: string): BadCookie => ({
    ...bad(kind, told, token),
    isSpared: true,
  });
  const otherPurpose = purpose === "store" ? "session" : "store";
  return [
    bad("a word", "too-short", "deleted"),
    bad("half a token", "too-short", good.slice(0, 101)),
    bad("over-long", "too-long", "A".repeat(4_097)),
    bad("a mebibyte", "too-long", "A".repeat(1 << 20)),
    bad("garbage", "not-base64url", "%".repeat(good.length)),
    bad("a JWT", "not-base64url", `eyJhbGciOiJub25lIn0.${"e".repeat(99)}.`),
    bad("padded", "not-base64url", `${good}=`),
    bad("of version 0", "version", turn(good, 0, 1)),
    bad("of version 2", "version", turn(good, 0, 3)),
    bad("with another salt", "forged", turn(good, 5, 1)),
    bad("with another nonce", "forged", turn(good, 17, 1)),
    bad("with another body", "forged", turn(good, 29, 1)),
    bad("with another tag", "forged", turn(good, -1, 1)),
    bad("of another cookie", "forged", await sealedFor(purpose, "__Host-a")),
    bad(
      "of another purpose",
      "forged",
      await sealedFor(otherPurpose, "__Host-sid"),
    ),
    bad("not UTF-8", "not-utf8", await write({ text: filled(2, 0xff) })),
    bad("with an end long ago", "expired", await write({ expires: 0 })),
    spared("of another secret", "unknown-key", turn(good, 1, 1)),
    spared("of a newer format", "flags", await write({ flags: 1 })),
    spared("from ahead", "future", await write({ created: now + 61 })),
  ];
}

/** Authentic, and not what a program without a codec or a schema reads. */
export async function unreadable(
  { secret, purpose, now }: Material,
): Promise<BadCookie> {
  const body = bodyOf({ created: now, text: utf8("[]") });
  const context = [purpose, "__Host-sid"];
  const token = await craft({ secret, context, body });
  return { kind: "no object", told: "not-json", token };
}
