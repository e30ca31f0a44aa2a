// Adds 1 to the value of a record, so often: path, key, how often.

import { DenoKvStore } from "../../stores/deno-kv.ts";

const [path, key = "", times] = Deno.args;
using kv = await Deno.openKv(path);
const store = new DenoKvStore(kv);
let conflicts = 0;
for (let done = 0; done < Number(times);) {
  const record = await store.get(key);
  if (!record) throw new Error("The record is gone");
  const { value, revision } = record;
  const next = {
    ...record,
    value: `${Number(value) + 1}`,
    revision: revision + 1,
  };
  const result = await store.update(key, next, revision);
  if (result === "ok") done++;
  else conflicts++;
}
console.log(`${conflicts} conflicts`);
