// nginx with `proxy_cache`, as Debian has it.

import { chownSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { found } from "../../tests/servers/nginx.ts";
import {
  freePort,
  ownerNamed,
  startServer,
  temporaryFolder,
} from "../../tests/servers/server.ts";
import { reach, type Started } from "./varnish.ts";

/** Starts it in front of servers, which it tells apart by `Host`. */
export async function startCachingNginx(
  ports: Readonly<Record<string, number>>,
): Promise<Started> {
  const owner = ownerNamed("www-data");
  const cwd = temporaryFolder(owner);
  const port = await freePort();
  const cache = join(cwd, "cache");
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${join(cwd, kind)};`);
  const sites = Object.entries(ports).map(([name, behind]) => `
    upstream ${name} { server 127.0.0.1:${behind}; keepalive 16; }
    server {
      listen 127.0.0.1:${port};
      server_name ${name}.test;
      location / { proxy_pass http://${name}; }
    }`);
  const config = join(cwd, "nginx.conf");
  const text = `daemon off; worker_processes 1; pid ${join(cwd, "pid")};
    error_log stderr crit; events {}
    http {
      access_log off; ${temporary.join(" ")}
      keepalive_requests 100000;
      proxy_cache_path ${cache} levels=1:2 keys_zone=all:10m use_temp_path=off;
      proxy_cache all;
      proxy_cache_valid 200 301 302 10m;
      proxy_cache_valid 404 1m;
      proxy_cache_use_stale error timeout updating
        http_500 http_502 http_503 http_504;
      proxy_cache_background_update on;
      proxy_cache_revalidate on;
      proxy_cache_lock on;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_buffer_size 16k; proxy_buffers 8 16k;
      ${sites.join("")}
    }`;
  writeFileSync(config, text, { mode: 0o600 });
  const { uid, gid } = owner;
  if (uid !== undefined && gid !== undefined) chownSync(config, uid, gid);
  const server = await startServer({
    ...owner,
    cwd,
    command: found.path ?? "nginx",
    args: ["-c", config, "-p", cwd, "-e", "stderr"],
    ready: () => reach(port),
  });
  return {
    port,
    stored: () =>
      readdirSync(cache, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) =>
          readFileSync(join(parentPath, name), "latin1")
        ),
    stop: () => server.stop(),
  };
}
