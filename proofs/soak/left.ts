// What is in a back end at the end: all records, whoever knows of them. Asked of
// the server itself, and not by the lists of the library.

import { Redis } from "ioredis";
import { Buffer } from "node:buffer";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { open, type StoreName } from "./clients.ts";
import { openPool } from "../../tests/servers/sql_clients.ts";
import type { Left } from "./history.ts";

const KEY = /^[\w-]{43}$/;
const TABLE = "soak";
/** How often a server is asked, a second apart. */
const TRIES = 20;
const root = new URL("../../", import.meta.url);

/** Reads all records. */
export async function readLeft(name: StoreName, port: number): Promise<Left[]> {
  // Clocks were up to minutes apart: nothing that is there may have expired.
  const { store, close } = await open({ root }, name, port, () => 0);
  const left: Left[] = [];
  for (const key of await patiently(() => keysOf(name, port))) {
    const record = await patiently(() => store.get(key));
    if (!record) continue;
    const values = JSON.parse(record.value);
    left.push({
      id: record.id,
      log: values.log ?? [],
      count: values.count ?? 0,
      user: values["~u"],
      notices: values["~fnotice"] ?? [],
    });
  }
  await close();
  return left;
}

/** A server may be busy yet with what the last fault has left to do. */
async function patiently<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (let tries = 1;; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (tries === TRIES) throw error;
      await sleep(1000);
    }
  }
}

async function keysOf(name: StoreName, port: number): Promise<string[]> {
  const all = await namesOf(name, port);
  return all.map((each) => each.replace(`${TABLE}:`, ""))
    .filter((each) => KEY.test(each));
}

async function namesOf(name: StoreName, port: number): Promise<string[]> {
  switch (name) {
    case "redis": {
      const client = new Redis(port);
      const names = await client.keys(`${TABLE}:*`);
      client.disconnect();
      return names;
    }
    case "postgres":
      return await rowsOf("pg", `postgres://test@127.0.0.1:${port}/postgres`);
    case "mysql":
      return await rowsOf("mysql2", `mysql://test@127.0.0.1:${port}/test`);
    case "memcached": {
      const text = await allOf(port, "lru_crawler metadump all\r\n");
      return text.split("\n").flatMap((line) => {
        const [, key] = /^key=(\S+)/.exec(line) ?? [];
        return key === undefined ? [] : [decodeURIComponent(key)];
      });
    }
  }
}

async function rowsOf(client: "pg" | "mysql2", url: string): Promise<string[]> {
  const pool = openPool(client, url, 1);
  // Of MariaDB the records themselves, and not its shortest index: a disk that
  // was full when it was killed may have broken that.
  const query = client === "pg"
    ? `SELECT key FROM ${TABLE}`
    : `SELECT \`key\` FROM ${TABLE} FORCE INDEX (PRIMARY)`;
  const rows = await pool.query(query);
  await pool.close();
  return (rows as { key: string }[]).map((row) => row.key);
}

async function allOf(port: number, command: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.write(command);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) {
    chunks.push(chunk as Buffer);
    if (/(^|\n)END\r?\n$/.test(String(chunk))) break;
  }
  return Buffer.concat(chunks).toString();
}
