import { CloudflareKvStore } from "../stores/cloudflare-kv.ts";
import { createKvSimulator } from "../testing/kv_simulator.ts";
import type { SimulatedKv } from "../testing/simulated_kv.ts";
import { currentContext } from "./context.ts";

/** Where a request may arrive. */
export const PLACES = ["Amsterdam", "Sydney"] as const;

// The simulator keeps all that was ever written. After so many writes it is
// replaced by an empty one, as this is a server that may run for long.
const MOST_WRITES = 5_000;

/**
 * A Workers KV that is as late as a visitor has chosen, by the real clock. It
 * gives the store of the present request, as seen from where that arrived.
 */
export function openLateKv(now: () => number): () => CloudflareKvStore {
  let writes = 0;
  // Of the write that is being made. The simulator asks for it before it waits
  // for anything, so it is that of the right request.
  let delay = 0;
  const open = () =>
    createKvSimulator({
      seed: 1,
      locations: PLACES.length,
      propagation: () => [delay, delay],
      // That KV takes one write per key in a second is no subject here.
      writesPerSecond: 0,
      clock: { now, advance: () => {} },
    });
  let simulator = open();

  function forWriting(place: number): SimulatedKv {
    delay = currentContext()?.delay ?? 0;
    if (++writes > MOST_WRITES) {
      writes = 0;
      simulator = open();
    }
    return simulator.at(place);
  }

  return () => {
    const place = currentContext()?.place ?? 0;
    return new CloudflareKvStore({
      get: (name, options) => simulator.at(place).get(name, options),
      list: (options) => simulator.at(place).list(options),
      put: (...args) => forWriting(place).put(...args),
      delete: (name) => forWriting(place).delete(name),
    }, { now });
  };
}
