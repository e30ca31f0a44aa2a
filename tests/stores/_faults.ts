import { countFaults, userFaults } from "./_faults_abilities.ts";
import { failureFaults } from "./_faults_failure.ts";
import { lifeFaults } from "./_faults_life.ts";
import { listFaults, ownerFaults } from "./_faults_lists.ts";
import { raceFaults, reopenFaults } from "./_faults_races.ts";
import { basicFaults, expiryFaults } from "./_faults_records.ts";
import { keyFaults, valueFaults } from "./_faults_texts.ts";
import { touchFaults } from "./_faults_touch.ts";
import type { StoreAbility, StoreHarness } from "../../testing.ts";
import { type Fault, openChanged } from "./_faulty.ts";
import { openIndexed } from "./_indexed_store.ts";
import { openTtl } from "./_ttl_store.ts";

/** Stores with one thing wrong, and the cases that must notice. */
export const faults: readonly Fault[] = [
  ...basicFaults,
  ...expiryFaults,
  ...valueFaults,
  ...keyFaults,
  ...raceFaults,
  ...touchFaults,
  ...userFaults,
  ...ownerFaults,
  ...listFaults,
  ...countFaults,
  ...reopenFaults,
  ...lifeFaults,
  ...failureFaults,
];

/** A store with nothing wrong. */
export interface RightStore {
  readonly name: string;
  readonly without: readonly StoreAbility[];
  open(): StoreHarness;
}

const isWhole = ["failure", "full"] as const;
const ofRecords = [...isWhole, "count", "deleteExpired"] as const;

/** What the stores with something wrong are made of. */
export const rightStores: readonly RightStore[] = [
  { name: "a store in memory", without: [], open: openChanged },
  {
    name: "a store on a back end that drops records by itself",
    without: ofRecords,
    open: openTtl,
  },
  {
    name: "a store on a back end with a clock that is moved along",
    without: ofRecords,
    open: () => openTtl({ clock: "moved" }),
  },
  {
    name: "a store with lists beside its records",
    without: isWhole,
    open: () => openIndexed({}),
  },
  {
    name: "a store with lists that have more than is shown",
    without: isWhole,
    open: () => openIndexed({ moves: "adds", unlinks: "none" }),
  },
];
