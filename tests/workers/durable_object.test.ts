import { describeRemotely } from "./remote.ts";
import { describeInWorkerd, kinds } from "./suite.ts";

await describeInWorkerd("durable_object_suite", Object.keys(kinds));
await describeRemotely("DurableObjectStore");
