/** A function, as a profile names it. */
export interface Frame {
  readonly functionName: string;
  readonly url: string;
}

interface Part {
  readonly name: string;
  has(frame: Frame): boolean;
}

/** What a runtime is written in has no address. */
const NATIVE_CRYPTO = /^(encrypt|decrypt|getRandomValues|op_crypto\w*)$/;
const NATIVE_WEB =
  /^(Response|Headers|headers|append|get|set|has|keys|getSetCookie|body|clone|cancel|status)$/;
const NATIVE_TEXT =
  /^(parse|stringify|encode|decode|op_encode\w*|toBase64|fromBase64)$/;

/** What the time goes to; each frame belongs to the first that has it. */
export const PARTS: readonly Part[] = [
  {
    name: "WebCrypto",
    has: ({ functionName, url }) =>
      /internal\/crypto|deno_crypto|deno_node_crypto/.test(url) ||
      !url && NATIVE_CRYPTO.test(functionName),
  },
  {
    name: "response and headers",
    has: ({ functionName, url }) =>
      /undici|webstreams|internal\/webidl|deno_(fetch|web|webidl)\b/
        .test(url) || !url && NATIVE_WEB.test(functionName),
  },
  {
    name: "with-session, JSON, base64",
    has: ({ functionName, url }) =>
      /\/src\/[\w/]+\.ts$|internal\/encoding|node:buffer/.test(url) ||
      !url && NATIVE_TEXT.test(functionName),
  },
  {
    name: "garbage collector",
    has: ({ functionName }) => /garbage/.test(functionName),
  },
  { name: "rest", has: () => true },
];

/** Whose time a frame's is. */
export function partOf(frame: Frame): string {
  return PARTS.find((part) => part.has(frame))?.name ?? "";
}

/** Nobody's time. */
export function isIdle({ functionName }: Frame): boolean {
  return functionName === "(idle)";
}
