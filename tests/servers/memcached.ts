import { MemcacheClient } from "memcache-client";
import type { Buffer } from "node:buffer";
import { once } from "node:events";
import { connect } from "node:net";
import {
  findServer,
  type FoundServer,
  freePort,
  ownerNamed,
  type Server,
  startServer,
} from "./server.ts";

/** memcached: a program, or what `MEMCACHED_URL` names. */
export const found: FoundServer = findServer("memcached", "MEMCACHED_URL");

/** A memcached to test with. */
export interface Memcached {
  /** Host and port. */
  readonly address: string;
  /** The process, if it is ours. */
  readonly server: Server | undefined;
  stop(): Promise<void>;
}

/** Starts an empty server. */
export async function startMemcached(
  ...args: readonly string[]
): Promise<Memcached> {
  if (found.path === undefined) {
    const { host } = new URL(found.url ?? "");
    return { address: host, server: undefined, stop: () => Promise.resolve() };
  }
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const server = await startServer({
    // It refuses to run as root.
    ...ownerNamed("nobody"),
    command: found.path,
    args: [...["-l", "127.0.0.1", "-p", `${port}`, "-U", "0"], ...args],
    async ready() {
      await ask(address, "version");
    },
  });
  return { address, server, stop: () => server.stop() };
}

/** Sends a command as it is, and gives the first packet of the answer. */
export async function ask(address: string, command: string): Promise<string> {
  const [host, port] = address.split(":");
  const socket = connect(Number(port), host);
  try {
    await once(socket, "connect");
    socket.write(`${command}\r\n`);
    const [answer] = await once(socket, "data") as [Buffer];
    return answer.toString();
  } finally {
    socket.destroy();
  }
}

/** A client of the kind that the store takes. */
export function open(address: string): MemcacheClient {
  const server = { server: address, maxConnections: 4 };
  return new MemcacheClient({ server });
}
