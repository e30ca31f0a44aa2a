// The real iron-session, in all versions that are still about.
import { getIronSession as save9, sealData as seal9 } from "iron-session";
import { getIronSession as save8 } from "iron-session8";
// @ts-ignore: its types claim `session` of all requests for themselves.
import { getIronSession as save6 } from "../../node_modules/iron-session6/edge/dist/index.mjs";

/** Long enough for each version. */
export const PASSWORD = "an old password of 32 characters, or more";

/** Options of iron-session, as far as tests set them. */
export interface IronOptions {
  password: string | Record<string, string>;
  cookieName: string;
  ttl?: number;
  chunk?: boolean;
}

type Save = (
  request: Request,
  response: Response,
  options: IronOptions,
) => Promise<object & { save(): Promise<void> }>;

const SAVES: Readonly<Record<string, Save>> = {
  "iron-session 9": save9,
  "iron-session 8": save8,
  "iron-session 6": save6,
};

export const VERSIONS: readonly string[] = Object.keys(SAVES);

/** Cookies by name, as that version sets them for a session. */
export async function cookiesOf(
  version: string,
  data: object,
  options: Partial<IronOptions> = {},
): Promise<Record<string, string>> {
  const save = SAVES[version];
  if (!save) throw new Error(`There is no ${version}`);
  const response = new Response();
  const session = await save(new Request("https://example.com/"), response, {
    password: PASSWORD,
    cookieName: "before",
    ...options,
  });
  Object.assign(session, data);
  await session.save();
  return Object.fromEntries(
    response.headers.getSetCookie().map((line) => {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      return [name, value];
    }),
  );
}

/** One seal of iron-session 9. */
export async function sealOf(
  data: object,
  options: Partial<IronOptions> = {},
): Promise<string> {
  return await seal9(data, { password: PASSWORD, ...options });
}
