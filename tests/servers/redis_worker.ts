// A process of redis.test.ts that adds to the number in a record.

import { argv, exit } from "node:process";
import { RedisStore } from "../../stores/redis.ts";
import { type ClientName, clients } from "./redis.ts";
import { count } from "./worker.ts";

const [name, url = "", prefix, key = "", times] = argv.slice(2);
const { client } = await clients[name as ClientName](url);
await count(new RedisStore(client, { prefix }), key, Number(times));
exit();
