/**
 * The command line of with-session, as functions: what `npx with-session` does.
 *
 * Nothing of it is loaded by the library itself. It runs on Node, Deno and Bun.
 *
 * @example A check in a program's own tests
 * ```ts ignore
 * import { doctor } from "with-session/cli";
 * import assert from "node:assert/strict";
 *
 * const { faults } = await doctor("http://localhost:8000/");
 * assert.deepEqual(faults, []);
 * ```
 *
 * @example A command
 * ```ts
 * import { run } from "with-session/cli";
 * import assert from "node:assert/strict";
 *
 * assert.equal(await run(["schema", "sqlite"]), 0);
 * ```
 *
 * @module
 */

export type { Terminal } from "./cli/common/terminal.ts";
export type { Finding } from "./cli/doctor/finding.ts";
export {
  doctor,
  type DoctorOptions,
  type DoctorReport,
} from "./cli/examine_address.ts";
export type { Contents as CookieContents } from "./cli/inspect/contents.ts";
export type { Ending as CookieEnding } from "./cli/inspect/endings.ts";
export type { CookieReport, CookieStatus } from "./cli/inspect/judge.ts";
export type {
  RecordReport,
  Reference as RecordReference,
} from "./cli/inspect/record.ts";
export { inspect, type InspectOptions } from "./cli/inspect_cookies.ts";
export { run } from "./cli/run.ts";
export { judgeSecret, type SecretReport } from "./cli/secret/judge.ts";
