// Serves one side of a pair, in Node or Bun.

import { parseArgs } from "node:util";
import { openStore } from "../settings.ts";
import type { Side } from "./pairs.ts";

/** What a server is made of. */
export interface Setting {
  readonly side: Side;
  readonly port: number;
  readonly secret: string;
  /** A key of 32 bytes for peers that take one. */
  readonly key: Uint8Array<ArrayBuffer>;
  /** The sessions are in the cookie. */
  readonly isSealed: boolean;
  /** Of Redis, if that is where the sessions are. */
  readonly redis: string | undefined;
  /** Ours; none for sealed cookies. */
  readonly store: Awaited<ReturnType<typeof openStore>>;
}

const { values } = parseArgs({
  options: {
    framework: { type: "string", default: "" },
    side: { type: "string", default: "" },
    port: { type: "string", default: "" },
    secret: { type: "string", default: "" },
    store: { type: "string", default: "" },
    redis: { type: "string", default: "" },
  },
});
const { framework, secret, store, redis } = values;
const side = values.side as Side;
const isOurs = side === "ours" || side === "lazy";
const { serve } = await import(`./servers/${framework}.ts`);
await serve(
  {
    side,
    port: Number(values.port),
    secret,
    key: new Uint8Array(
      await crypto.subtle.digest("SHA-256", new TextEncoder().encode(secret)),
    ),
    isSealed: store === "sealed",
    redis: store === "redis" ? redis : undefined,
    store: isOurs ? await openStore(store, redis) : undefined,
  } satisfies Setting,
);
