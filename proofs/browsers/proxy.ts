// A SOCKS 5 proxy that brings the hosts of the visits to this machine, for a
// browser that cannot be told where they are. It passes on bytes and nothing
// else, and leads nowhere else.

import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { HOSTS } from "./hosts.ts";

export interface Proxy {
  port: number;
  stop(): Promise<void>;
}

const GREETING = 3;
const DONE = [5, 0, 0, 1, 0, 0, 0, 0, 0, 0];
const REFUSED = [5, 2, 0, 1, 0, 0, 0, 0, 0, 0];

export async function startProxy(): Promise<Proxy> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
  };
  const server = createServer((client) => {
    keep(client);
    client.once("data", (greeting) => {
      if (greeting.length < GREETING) {
        client.destroy();
        return;
      }
      client.write(Uint8Array.of(5, 0));
      client.once("data", (request: Buffer) => {
        const port = portOf(request);
        if (!port) {
          client.end(Uint8Array.from(REFUSED));
          return;
        }
        const there = connect(port, "127.0.0.1", () => {
          client.write(Uint8Array.from(DONE));
          there.pipe(client).pipe(there);
        });
        keep(there);
        there.on("close", () => client.destroy());
        client.on("close", () => there.destroy());
      });
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

/** The port of a request to connect to one of our hosts, by its name. */
function portOf(request: Buffer): number | undefined {
  const [version, command, , kind, length = 0] = request;
  if (version !== 5 || command !== 1 || kind !== 3) return undefined;
  const host = request.toString("latin1", 5, 5 + length);
  return HOSTS.includes(host) ? request.readUInt16BE(5 + length) : undefined;
}
