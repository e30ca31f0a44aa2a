// What is visited: the Worker as its page shows it, with some routes more.

import { accounts } from "./accounts.ts";
import { trials } from "./trials.ts";

Object.assign(accounts, trials);

export { default, SessionObject } from "./worker.ts";
