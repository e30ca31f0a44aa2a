import { basicCases } from "./basic_cases.ts";
import { countCases } from "./count_cases.ts";
import { expiryCases } from "./expiry_cases.ts";
import { failureCases } from "./failure_cases.ts";
import type { StoreCase } from "./harness.ts";
import { keyCases } from "./key_cases.ts";
import { lifeCases } from "./life_cases.ts";
import { listCases } from "./list_cases.ts";
import { ownerCases } from "./owner_cases.ts";
import { raceCases } from "./race_cases.ts";
import { reopenCases } from "./reopen_cases.ts";
import { sizeCases } from "./size_cases.ts";
import { touchCases } from "./touch_cases.ts";
import { userCases } from "./user_cases.ts";
import { valueCases } from "./value_cases.ts";

/**
 * The rules of the store contract as data: `describeStore` registers them with
 * `node:test`, `runStoreCase` runs one for any other runner. Those in
 * `backEndCases` need more of a harness.
 */
export const storeCases: readonly StoreCase[] = [
  ...basicCases,
  ...expiryCases,
  ...keyCases,
  ...valueCases,
  ...sizeCases,
  ...raceCases,
  ...touchCases,
  ...userCases,
  ...ownerCases,
  ...listCases,
  ...countCases,
  ...reopenCases,
  ...lifeCases,
];

/**
 * The rules about a back end that fails or has run out of room, for harnesses
 * that can make it so: each case needs `"failure"` or `"full"`.
 */
export const backEndCases: readonly StoreCase[] = [...failureCases];
