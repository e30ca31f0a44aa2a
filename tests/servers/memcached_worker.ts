// A process of memcached.test.ts that adds to the number in a record.

import { argv, exit } from "node:process";
import { MemcachedStore } from "../../stores/memcached.ts";
import { open } from "./memcached.ts";
import { count } from "./worker.ts";

const [address = "", prefix, key = "", times] = argv.slice(2);
await count(new MemcachedStore(open(address), { prefix }), key, Number(times));
exit();
