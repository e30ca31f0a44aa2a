// The real h3: 1, 2, and the release candidate that TanStack Start had inside.
import {
  createApp,
  eventHandler,
  toWebHandler,
  useSession as useSession1,
} from "h3";
// @ts-types="./_h3_rc.d.ts"
import { H3 as H3Rc, useSession as useSessionRc } from "h3-rc20";
import { H3, useSession as useSession2 } from "h3-2";

/** Long enough for each version. */
export const PASSWORD = "the password of h3 before, 32 characters or more";

/** Options of `useSession()`, as far as tests set them. */
export interface H3Config {
  name?: string;
  password?: string | Record<string, string>;
  maxAge?: number;
  idleTimeout?: number;
  seal?: object;
  cookie?: object;
}

/** A program that adds what is in the query to its session. */
type App = (request: Request) => Promise<Response>;

type Use = (
  event: never,
  config: never,
) => Promise<{ update(data: object): Promise<unknown> }>;

const APPS: Readonly<Record<string, (config: H3Config) => App>> = {
  "h3 1": (config) => {
    const app = createApp();
    app.use(eventHandler(async (event) => {
      const data = new URL(event.path, "https://example.com").searchParams;
      await update(useSession1 as Use, event, config, data);
      return "kept";
    }));
    return toWebHandler(app) as App;
  },
  "h3 2.0.1-rc.20": (config) => {
    const app = new H3Rc();
    app.all("/**", async (event) => {
      await update(useSessionRc as Use, event, config, event.url.searchParams);
      return "kept";
    });
    return async (request) => await app.fetch(request);
  },
  "h3 2": (config) => {
    const app = new H3();
    app.all("/**", async (event) => {
      await update(useSession2 as Use, event, config, event.url.searchParams);
      return "kept";
    });
    return async (request) => await app.fetch(request);
  },
};

async function update(
  use: Use,
  event: unknown,
  config: H3Config,
  query: URLSearchParams,
): Promise<void> {
  const all = { password: PASSWORD, ...config };
  const session = await use(event as never, all as never);
  await session.update(JSON.parse(query.get("data") ?? "{}"));
}

export const VERSIONS: readonly string[] = Object.keys(APPS);

/** The cookies of a browser after its session has been given data. */
export async function cookiesOf(
  version: string,
  data: object,
  config: H3Config = {},
  before: Record<string, string> = {},
): Promise<Record<string, string>> {
  const app = APPS[version]?.(config);
  if (!app) throw new Error(`There is no ${version}`);
  const url = new URL("https://example.com/");
  url.searchParams.set("data", JSON.stringify(data));
  const cookie = Object.entries(before).map((pair) => pair.join("="))
    .join("; ");
  const response = await app(new Request(url, { headers: { cookie } }));
  if (!response.ok) throw new Error(await response.text());
  const cookies = { ...before };
  for (const line of response.headers.getSetCookie()) {
    const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    cookies[name] = value;
  }
  return cookies;
}

/** The one seal of a session. */
export async function sealOf(
  version: string,
  data: object,
  config?: H3Config,
): Promise<string> {
  return (await cookiesOf(version, data, config))["h3"] ?? "";
}
