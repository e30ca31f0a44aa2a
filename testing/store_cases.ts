import { basicCases } from "./basic_cases.ts";
import { countCases } from "./count_cases.ts";
import { expiryCases } from "./expiry_cases.ts";
import type { StoreCase } from "./harness.ts";
import { keyCases } from "./key_cases.ts";
import { raceCases } from "./race_cases.ts";
import { reopenCases } from "./reopen_cases.ts";
import { touchCases } from "./touch_cases.ts";
import { userCases } from "./user_cases.ts";
import { valueCases } from "./value_cases.ts";

/**
 * Every rule of the store contract as data: `describeStore` registers them
 * with `node:test`, `runStoreCase` runs one for any other runner.
 */
export const storeCases: readonly StoreCase[] = [
  ...basicCases,
  ...expiryCases,
  ...keyCases,
  ...valueCases,
  ...raceCases,
  ...touchCases,
  ...userCases,
  ...countCases,
  ...reopenCases,
];
