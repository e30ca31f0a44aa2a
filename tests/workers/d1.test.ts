import { describeRemotely } from "./remote.ts";
import { describeInWorkerd } from "./suite.ts";

await describeInWorkerd("d1_suite");
await describeRemotely("D1Store");
