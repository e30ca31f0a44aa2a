import { type Quartiles, quartilesOf } from "../../common/quartiles.ts";
import { type Batch, costOf, speedOf } from "../batch.ts";
import type { Loaded } from "../generator.ts";
import type { Pair, Side } from "./pairs.ts";
import { type Case, type Round, type Slot, slotsOf } from "./rounds.ts";

/** What was measured of one side of a pair in one case. */
export interface Row extends Loaded, Slot {
  readonly pair: string;
  readonly runtime: Pair["runtime"];
  readonly framework: Pair["framework"];
  readonly store: Pair["store"];
  /** How the peer is called. */
  readonly peer: string;
  /** CPU time of the server per request, in µs. */
  readonly cpu: number | null;
  /** Requests per second over those of the bare framework, in the same round. */
  readonly overBare: Quartiles;
  /** Requests per second over those of the peer, in the same round. */
  readonly overPeer: Quartiles;
  /** The CPU time that the peer takes over that of this side. */
  readonly peerCpuOver: Quartiles | null;
}

/** Compares the sides of a pair within each round. */
export function rowsOf(pair: Pair, rounds: readonly Round[]): Row[] {
  const slots = slotsOf(pair);
  const find = (side: Side, name: Case) =>
    slots.findIndex((slot) => slot.side === side && slot.case === name);
  return slots.map((slot, place) => {
    const bare = find("bare", "untouched");
    const peer = find("peer", slot.case);
    const each = <Figure>(figure: (at: (place: number) => Batch) => Figure) =>
      rounds.map(({ batches }) => figure((place) => batches[place] as Batch));
    const over = (other: number) =>
      quartilesOf(each((at) => speedOf(at(place)) / speedOf(at(other))));
    const cpu = quartilesOf(each((at) => costOf(at(place)))).median;
    const isKnown = !Number.isNaN(cpu);
    return {
      pair: pair.name,
      runtime: pair.runtime,
      framework: pair.framework,
      store: pair.store,
      peer: nameOfPeer(pair),
      ...slot,
      requestsPerSecond: quartilesOf(each((at) => speedOf(at(place)))),
      cpu: isKnown ? cpu : null,
      overBare: over(bare),
      overPeer: over(peer),
      peerCpuOver: isKnown
        ? quartilesOf(each((at) => costOf(at(peer)) / costOf(at(place))))
        : null,
      generatorBusy: quartilesOf(each((at) => {
        const { cpuSeconds, seconds } = at(place);
        return cpuSeconds / seconds;
      })).median,
    };
  });
}

/** The peer and what it keeps its sessions by. */
export function nameOfPeer({ packages }: Pair): string {
  return packages.join(" + ");
}
