/** The classes that `workerOf` binds. */

export { SessionObject } from "../../stores/durable-object.ts";
export { WatchedObject } from "./watched_object.ts";
