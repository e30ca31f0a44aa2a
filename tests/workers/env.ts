/** What the Workers under test are bound to. */

// @ts-ignore: A module of workerd, whose types are in a package of their own.
import { env } from "cloudflare:workers";
import type { KvNamespaceLike } from "../../stores/cloudflare-kv.ts";
import type { D1DatabaseLike } from "../../stores/d1.ts";
import type { SessionNamespace } from "../../stores/durable-object.ts";

/** The bindings. */
export const bindings: {
  readonly SESSIONS: SessionNamespace;
  readonly WATCHED: SessionNamespace;
  readonly DB: D1DatabaseLike;
  readonly KV: KvNamespaceLike;
} = env;
