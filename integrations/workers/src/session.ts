import type { Session, SessionOptions } from "with-session";
import { DurableObjectStore } from "with-session/stores/durable-object";

export interface Data {
  visits: number;
}

/** What is asked for, by method and path. */
export type Routes = Record<
  string,
  (
    request: Request,
    session: Session<Data>,
    env: Env,
  ) => Response | Promise<Response>
>;

export const optionsFor = (env: Env): SessionOptions<Data> => ({
  secret: env.SESSION_SECRET,
  store: new DurableObjectStore(env.SESSIONS),
  csrf: true,
});
