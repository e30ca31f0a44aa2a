import { createHash } from "node:crypto";
import { once } from "node:events";
import { globSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { jsr } from "./manifests.ts";
import { root } from "./process.ts";

/** A registry that has one package: what this checkout would publish. */
export interface Registry extends AsyncDisposable {
  /** For the variable `JSR_URL`. */
  url: string;
}

/** Serves the checkout as JSR would, as far as `deno add` asks. */
export async function serveJsr(): Promise<Registry> {
  const { name, version, exports } = jsr;
  const files = new Map<string, string>();
  for (const path of published()) {
    files.set(`/${path}`, readFileSync(join(root, path), "utf8"));
  }
  const manifest = Object.fromEntries(
    [...files].map(([path, text]) => {
      const checksum = createHash("sha256").update(text).digest("hex");
      return [path, {
        size: Buffer.byteLength(text),
        checksum: `sha256-${checksum}`,
      }];
    }),
  );
  const pages: Record<string, unknown> = {
    [`/${name}/meta.json`]: {
      scope: name.split("/")[0]?.slice(1),
      name: name.split("/")[1],
      latest: version,
      versions: { [version]: {} },
    },
    [`/${name}/${version}_meta.json`]: { exports, manifest },
  };
  const server = createServer(({ url = "" }, response) => {
    const file = files.get(url.replace(`/${name}/${version}`, ""));
    const page = pages[url];
    const isFile = file !== undefined;
    response.statusCode = isFile || page ? 200 : 404;
    response.setHeader(
      "content-type",
      isFile ? "text/typescript" : "application/json",
    );
    response.end(file ?? JSON.stringify(page ?? {}));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function published(): string[] {
  return jsr.publish.include.flatMap((path) =>
    globSync([path, `${path}/**/*.ts`], { cwd: root })
  ).filter((path) => path.endsWith(".ts"));
}
