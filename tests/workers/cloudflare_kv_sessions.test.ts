import { describeInWorkerd } from "./suite.ts";

await describeInWorkerd("cloudflare_kv_sessions");
