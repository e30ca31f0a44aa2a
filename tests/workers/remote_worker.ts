// A Worker that calls a store for a test outside, see remote.ts.

import type { SessionStore } from "../../src/store/contract.ts";
import { D1Store } from "../../stores/d1.ts";
import { DurableObjectStore } from "../../stores/durable-object.ts";
import { bindings } from "./env.ts";

export * from "./worker.ts";

/** A call of a store's method. */
export interface RemoteCall {
  readonly kind: "D1Store" | "DurableObjectStore";
  /** What keeps it apart from other stores: letters and digits. */
  readonly space: string;
  readonly now: number;
  readonly method: Exclude<keyof SessionStore, "consistency"> | "createSchema";
  readonly args: readonly unknown[];
}

/** What came of it. */
export type RemoteAnswer =
  | { readonly result: unknown }
  | { readonly error: { name: string; message: string; code?: string } };

async function run(call: RemoteCall): Promise<unknown> {
  const { kind, space, method, args } = call;
  const now = () => call.now;
  const store = kind === "D1Store"
    ? new D1Store(bindings.DB, { table: space, now })
    : new DurableObjectStore(bindings.SESSIONS, { prefix: space, now });
  const found = Reflect.get(store, method).apply(store, args);
  return method === "listByUser" ? await Array.fromAsync(found) : await found;
}

export default {
  async fetch(request: Request): Promise<Response> {
    const answer: RemoteAnswer = await run(await request.json()).then(
      (result) => ({ result }),
      ({ name, message, code }) => ({ error: { name, message, code } }),
    );
    return Response.json(answer);
  },
};
