import { countFaults, touchFaults, userFaults } from "./_faults_abilities.ts";
import { raceFaults, reopenFaults } from "./_faults_races.ts";
import { basicFaults, expiryFaults } from "./_faults_records.ts";
import { keyFaults, valueFaults } from "./_faults_texts.ts";
import type { Fault } from "./_faulty.ts";

/** Stores with one thing wrong, and the cases that must notice. */
export const faults: readonly Fault[] = [
  ...basicFaults,
  ...expiryFaults,
  ...valueFaults,
  ...keyFaults,
  ...raceFaults,
  ...touchFaults,
  ...userFaults,
  ...countFaults,
  ...reopenFaults,
];
