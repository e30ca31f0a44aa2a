// Varnish, as Debian has it, with its builtin VCL or with a usual one.

import { chownSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import {
  findServer,
  type FoundServer,
  freePort,
  ownerNamed,
  startServer,
  temporaryFolder,
} from "../../tests/servers/server.ts";

/** There is none to be named by an address. */
export const found: FoundServer = findServer("varnishd", "VARNISH_URL");

/** A real cache that runs. */
export interface Started {
  readonly port: number;
  stored(): string[];
  stop(): Promise<void>;
}

/**
 * What people write who want to cache in spite of cookies: requests with a
 * cookie are looked up as any other, and an answer is kept or not by what it
 * says in `Cache-Control`, with `Set-Cookie` too. `Vary` is Varnish's own
 * matter.
 */
const DESPITE_COOKIES = `
sub vcl_recv {
  if (req.method == "GET" || req.method == "HEAD") { return (hash); }
  return (pass);
}
sub vcl_backend_response {
  if (beresp.ttl <= 0s || beresp.http.Vary == "*" ||
    beresp.http.Cache-Control ~ "(?i)(no-store|no-cache|private)") {
    set beresp.uncacheable = true;
    set beresp.ttl = 120s;
  }
  return (deliver);
}`;

/** Starts it in front of servers, which it tells apart by `Host`. */
export async function startVarnish(
  ports: Readonly<Record<string, number>>,
  isDespiteCookies: boolean,
): Promise<Started> {
  const owner = ownerNamed("vcache");
  const cwd = temporaryFolder(owner);
  const port = await freePort();
  const backends = Object.entries(ports).map(([name, port]) =>
    `backend ${name} { .host = "127.0.0.1"; .port = "${port}"; }`
  );
  const choices = Object.keys(ports).map((name) =>
    `if (req.http.host == "${name}.test") { set req.backend_hint = ${name}; }`
  );
  const vcl = join(cwd, "site.vcl");
  const store = join(cwd, "store");
  const text = `vcl 4.1;
${backends.join("\n")}
sub vcl_recv { ${choices.join("\n")} }
${isDespiteCookies ? DESPITE_COOKIES : ""}`;
  writeFileSync(vcl, text, { mode: 0o600 });
  const { uid, gid } = owner;
  if (uid !== undefined && gid !== undefined) chownSync(vcl, uid, gid);
  const server = await startServer({
    ...owner,
    cwd,
    command: found.path ?? "varnishd",
    // All that may be kept goes to the file, even what is short-lived: there
    // it can be looked at.
    args: [
      ...["-F", "-j", "none", "-n", join(cwd, "work"), "-f", vcl],
      ...["-a", `127.0.0.1:${port}`, "-s", `file,${store},64M`],
      ...["-s", "Transient=malloc", "-p", "shortlived=0"],
      ...["-p", "thread_pools=1", "-p", "thread_pool_min=60"],
    ],
    ready: () => reach(port),
    deadline: 60_000,
  });
  return {
    port,
    stored: () => [readFileSync(store, "latin1")],
    stop: () => server.stop(),
  };
}

/** Rejects unless somebody listens there. */
export function reach(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.destroy();
      resolve();
    });
  });
}
