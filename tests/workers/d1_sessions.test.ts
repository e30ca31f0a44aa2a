import { describeInWorkerd } from "./suite.ts";

await describeInWorkerd("d1_sessions");
