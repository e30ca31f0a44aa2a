import { fromBase64url, join, toBase64url } from "./format.ts";

/** A way of making bad tokens from good ones. */
export type Forge = (token: string, other: string) => Iterable<string>;

/** What no browser of ours would ever send, but somebody may. */
const INTRUDERS = [
  " ",
  "\t",
  "\r",
  "\n",
  "\0",
  "=",
  "+",
  "/",
  "%",
  '"',
  ",",
  ".",
  "\xa0",
  "\u212a",
  "\uff21",
  "\ud800",
  "\udc00",
];

/** Characters that fold to others of the alphabet in some comparison. */
const LOOK_ALIKES: readonly (readonly [string, string])[] = [
  ["K", "\u212a"],
  ["k", "\u212a"],
  ["S", "\u017f"],
  ["s", "\u017f"],
  ["-", "\u2010"],
  ["-", "+"],
  ["_", "/"],
  ["_", "\uff3f"],
];

/** All bad tokens by the way they are made. */
export const FORGERIES: Readonly<Record<string, Forge>> = {
  *"each bit is turned"(token) {
    for (let bit = 0; bit < bytesOf(token).length * 8; bit++) {
      const bytes = bytesOf(token);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      yield toBase64url(bytes);
    }
  },
  *"characters are cut from the end"(token) {
    for (let i = 0; i < token.length; i++) yield token.slice(0, i);
  },
  *"characters are cut from the front"(token) {
    for (let i = 1; i <= token.length; i++) yield token.slice(i);
  },
  *"bytes are cut from the end, the tag first"(token) {
    const bytes = bytesOf(token);
    for (let i = 0; i < bytes.length; i++) yield toBase64url(bytes.slice(0, i));
  },
  *"bytes are cut from the front"(token) {
    const bytes = bytesOf(token);
    for (let i = 1; i <= bytes.length; i++) yield toBase64url(bytes.slice(i));
  },
  *"1 to 64 bytes are added at the end"(token) {
    for (let i = 1; i <= 64; i++) {
      yield toBase64url(join(bytesOf(token), new Uint8Array(i)));
    }
  },
  *"a byte is put in at each position"(token) {
    const bytes = bytesOf(token);
    for (let i = 0; i <= bytes.length; i++) {
      for (const byte of [0, 0xff]) {
        const [start, end] = [bytes.slice(0, i), bytes.slice(i)];
        yield toBase64url(join(start, Uint8Array.of(byte), end));
      }
    }
  },
  *"a byte is left out at each position"(token) {
    const bytes = bytesOf(token);
    for (let i = 0; i < bytes.length; i++) {
      yield toBase64url(join(bytes.slice(0, i), bytes.slice(i + 1)));
    }
  },
  *"a character is put in at each position"(token) {
    for (let i = 0; i <= token.length; i++) {
      const intruder = INTRUDERS[i % INTRUDERS.length];
      for (const char of ["A", intruder]) {
        yield token.slice(0, i) + char + token.slice(i);
      }
    }
  },
  *"a foreign character stands first, in the middle and last"(token) {
    for (const char of INTRUDERS) {
      for (const i of [0, 61, token.length]) {
        yield token.slice(0, i) + char + token.slice(i);
        yield token.slice(0, i) + char + token.slice(i + 1);
      }
    }
  },
  *"two tokens of one process are spliced at each position"(token, other) {
    for (let i = 1; i < token.length; i++) {
      yield token.slice(0, i) + other.slice(i);
      yield other.slice(0, i) + token.slice(i);
    }
  },
  *"parts of two tokens are exchanged"(token, other) {
    const [ours, theirs] = [bytesOf(token), bytesOf(other)];
    const tag = ours.length - 16;
    for (
      const [from, to] of [[17, 29], [29, tag], [tag, ours.length]] as const
    ) {
      const bytes = ours.slice();
      bytes.set(theirs.slice(from, to), from);
      yield toBase64url(bytes);
    }
  },
  *"each byte of the salt has another value"(token) {
    for (let i = 5; i < 17; i++) {
      for (const value of [0, 0x7f, 0xff]) {
        const bytes = bytesOf(token);
        bytes[i] = value;
        yield toBase64url(bytes);
      }
    }
  },
  *"it has every other version"(token) {
    for (let version = 0; version < 256; version++) {
      const bytes = bytesOf(token);
      bytes[0] = version;
      yield toBase64url(bytes);
    }
  },
  *"the tag is cut"(token) {
    for (const length of [15, 14, 13, 12, 8, 4]) {
      yield toBase64url(bytesOf(token).slice(0, length - 16));
    }
  },
  *"it is padded or has spare bits"(token) {
    for (const padding of ["=", "==", "===", "====", "%3D"]) {
      yield token + padding;
    }
    for (const last of "BCDEFGHIJKLMNOPRSTUVWXYZ") {
      yield token.slice(0, -1) + last;
    }
  },
  *"it is written in another way"(token) {
    yield `"${token}"`;
    yield `'${token}'`;
    yield `${token},${token}`;
    yield `${token};${token}`;
    yield `${token}.${token}`;
    yield token + token;
    yield token.toLowerCase();
    yield token.toUpperCase();
    yield [...token].reverse().join("");
    yield btoa(token);
    yield toBase64url(new TextEncoder().encode(token));
    yield Array.from(bytesOf(token), (byte) => byte.toString(16)).join("");
    yield percent(token);
    yield fullWidth(token);
    yield `${token.slice(0, 76)}\r\n${token.slice(76)}`;
    for (const [char, twin] of LOOK_ALIKES) yield token.replaceAll(char, twin);
    for (let i = 0; i < token.length; i++) {
      const [start, char, end] = [
        token.slice(0, i),
        token[i]!,
        token.slice(i + 1),
      ];
      yield start + percent(char) + end;
      yield start + fullWidth(char) + end;
    }
  },
  *"it is no token of ours"() {
    yield* ["deleted", "null", "undefined", "[object Object]", "true", "0"];
    yield '{"userId":"admin"}';
    yield toBase64url(new TextEncoder().encode(`{"a":"${"x".repeat(100)}"}`));
    yield `eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.${"A".repeat(90)}`;
    yield `eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..${"A".repeat(110)}`;
    yield `Fe26.2**${"0".repeat(64)}*${"A".repeat(22)}*${"B".repeat(64)}`;
    yield "\0".repeat(124);
    yield "A".repeat(124);
    yield "_".repeat(124);
    yield "A".repeat(4097);
    yield "A".repeat(2 ** 20);
  },
};

function bytesOf(token: string): Uint8Array<ArrayBuffer> {
  return fromBase64url(token);
}

function percent(text: string): string {
  return Array.from(text, (char) => `%${char.charCodeAt(0).toString(16)}`)
    .join("");
}

function fullWidth(text: string): string {
  return Array.from(
    text,
    (char) => String.fromCharCode(char.charCodeAt(0) + 0xfee0),
  ).join("");
}
