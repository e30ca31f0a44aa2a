import { describeInWorkerd } from "./suite.ts";

await describeInWorkerd("durable_object_sessions");
