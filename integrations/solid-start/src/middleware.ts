import { createMiddleware } from "@solidjs/start/middleware";
import { carryOver } from "./old-session";
import { sessionMiddleware } from "./session";

export default createMiddleware([sessionMiddleware, carryOver]);
