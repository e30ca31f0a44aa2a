import { chownSync, writeFileSync } from "node:fs";
import { request as ask } from "node:https";
import { join } from "node:path";
import { certificate } from "../project/certificate.ts";
import {
  findServer,
  type FoundServer,
  freePort,
  ownerNamed,
  startServer,
  temporaryFolder,
} from "./server.ts";

/** nginx, as Debian has it. There is none to be named by an address. */
export const found: FoundServer = findServer("nginx", "NGINX_URL");

/** A proxy that ends TLS. */
export interface Proxy {
  /** Sends a request to one of its sites. */
  ask(
    site: string,
    method?: string,
    headers?: Record<string, string>,
  ): Promise<Response>;
  stop(): Promise<void>;
}

/**
 * Starts nginx in front of a server of this machine.
 *
 * @param sites The lines that each has besides `proxy_pass`, by its name.
 */
export async function startNginx(
  behind: number,
  sites: Readonly<Record<string, string>>,
): Promise<Proxy> {
  const owner = ownerNamed("www-data");
  const cwd = temporaryFolder(owner);
  const write = (name: string, text: string) => {
    const path = join(cwd, name);
    writeFileSync(path, text, { mode: 0o600 });
    const { uid, gid } = owner;
    if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid);
    return path;
  };
  const cert = write("cert.pem", certificate.cert);
  const key = write("key.pem", certificate.key);
  const port = await freePort();
  const servers = Object.entries(sites).map(([name, lines]) => `
    server {
      listen 127.0.0.1:${port} ssl;
      server_name ${name};
      location / { proxy_pass http://localhost:${behind}; ${lines} }
    }`);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${join(cwd, kind)};`);
  const config = write(
    "nginx.conf",
    `daemon off; worker_processes 1; pid ${join(cwd, "pid")};
    error_log stderr; events {}
    http {
      access_log off; ${temporary.join(" ")}
      ssl_certificate ${cert}; ssl_certificate_key ${key};
      ${servers.join("")}
    }`,
  );
  const send: Proxy["ask"] = (site, method = "GET", headers = {}) =>
    new Promise((resolve, reject) => {
      const options = {
        port,
        method,
        host: "127.0.0.1",
        rejectUnauthorized: false,
        headers: { host: site, ...headers },
      };
      ask(options, (message) => {
        const fields = new Headers();
        for (const [name, values] of Object.entries(message.headersDistinct)) {
          for (const value of values ?? []) fields.append(name, value);
        }
        let text = "";
        message.setEncoding("utf8").on("data", (part) => text += part);
        message.on("end", () => {
          const { statusCode: status = 500 } = message;
          resolve(new Response(text, { status, headers: fields }));
        });
      }).on("error", reject).end();
    });
  const server = await startServer({
    ...owner,
    cwd,
    command: found.path ?? "nginx",
    args: ["-c", config, "-p", cwd, "-e", "stderr"],
    ready: async () => void await send(Object.keys(sites)[0] ?? ""),
  });
  return { ask: send, stop: () => server.stop() };
}
