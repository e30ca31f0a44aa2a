// The real @hapi/yar and @hapi/cookie, in hapi 21 and in hapi 20.
import { createRequire } from "node:module";

/** What was in `password`. */
export const PASSWORD = "a password for hapi, of 32 characters or more";

/** A program that keeps what is posted to it. */
export interface Before {
  /** Makes a request, and gives the cookies that it sets, by name. */
  visit(
    path: string,
    body?: object,
    cookie?: string,
  ): Promise<Record<string, string>>;
}

// Some have types, each for one version of hapi alone.
// deno-lint-ignore no-explicit-any
type Any = any;

const load: (name: string) => Any = createRequire(import.meta.url);

const VERSIONS: Readonly<Record<string, { hapi: Any; yar: Any; cookie: Any }>> =
  {
    "11 on hapi 21": {
      hapi: load("@hapi/hapi"),
      yar: load("@hapi/yar"),
      cookie: load("@hapi/cookie"),
    },
    "10 on hapi 20": {
      hapi: load("@hapi/hapi20"),
      yar: load("@hapi/yar10"),
      cookie: load("@hapi/cookie11"),
    },
  };

/** Versions of yar; of @hapi/cookie it is one more. */
export const YARS: readonly string[] = Object.keys(VERSIONS);

/** A program with @hapi/yar. */
export async function startYar(
  version: string,
  options: object = {},
): Promise<Before & { readonly server: Any }> {
  const { hapi, yar } = VERSIONS[version] ?? {};
  const server = hapi.server();
  const { cookieOptions, ...more } = options as { cookieOptions?: object };
  const all = { password: PASSWORD, ...cookieOptions };
  await server.register({
    plugin: yar,
    options: { cookieOptions: all, ...more },
  });
  server.route({
    method: "POST",
    path: "/{way}",
    handler({ yar, params, payload }: Any) {
      const { way } = params;
      if (way === "lazy") {
        yar.lazy(true);
        Object.assign(yar, payload);
      } else if (way === "flash") {
        for (const [type, text] of Object.entries(payload)) {
          yar.flash(type, text);
        }
      } else yar.set(payload);
      return "kept";
    },
  });
  return { server, visit: visitOf(server) };
}

/** A program with @hapi/cookie. */
export async function startCookie(
  version: string,
  options: object = {},
): Promise<Before> {
  const { hapi, cookie } = VERSIONS[version] ?? {};
  const server = hapi.server();
  await server.register(cookie);
  server.auth.strategy("session", "cookie", {
    cookie: { password: PASSWORD, ...options },
  });
  server.route({
    method: "POST",
    path: "/set",
    handler(request: Any) {
      request.cookieAuth.set(request.payload);
      return "kept";
    },
  });
  return { visit: visitOf(server) };
}

function visitOf(server: Any): Before["visit"] {
  return async (url, payload, cookie = "") => {
    const { headers, statusCode } = await server.inject({
      method: "POST",
      url,
      payload,
      headers: { cookie },
    });
    if (statusCode !== 200) throw new Error(`It answered ${statusCode}`);
    return Object.fromEntries(
      [headers["set-cookie"] ?? []].flat().map((line: string) => {
        const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        return [name, value];
      }),
    );
  };
}
