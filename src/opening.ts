import { readCookie } from "./cookie.ts";
import { readValues } from "./data.ts";
import type { RejectReason } from "./events.ts";
import { revokingOf } from "./revoking.ts";
import { engineOf } from "./storing.ts";
import { fit } from "./schema.ts";
import { open } from "./seal.ts";
import { begin, endOf, type State, tell } from "./state.ts";
import type { Visit } from "./visit.ts";

/**
 * The session of a visit; at once where there is nothing to open. Whatever
 * the request holds, it gets a session.
 */
export function openVisit(visit: Visit): State | Promise<State> {
  const { settings, form, headers } = visit;
  const token = readCookie(headers?.get("cookie") ?? "", form);
  if (token) {
    return unseal(visit, token).then((state) => state ?? begin(visit, true));
  }
  if (token === null) settings.emit?.({ type: "duplicate" });
  return begin(visit);
}

/** The session of a token; `null` and an event if it is not good. */
export async function unseal(
  visit: Visit,
  token: string,
): Promise<State | null> {
  const { settings, form } = visit;
  const { codec, emit, absoluteTimeout } = settings;
  const now = settings.now();
  const content = await open(form.ring, token, now);
  const reject = (reason: RejectReason) => {
    emit?.({ type: "rejected", reason, keyId: content.keyId });
    return null;
  };
  if ("fault" in content) return reject(content.fault);
  const { created, sealed, expires } = content;
  const isOver = (end: number) => {
    if (end > now) return false;
    const reason = now < created + absoluteTimeout ? "idle" : "absolute";
    tell(state, "expired", { reason });
    return true;
  };

  const state: State = { ...begin(visit), content };
  // What is over by its cookie alone costs no question to a store.
  if (isOver(Math.min(expires, created + absoluteTimeout))) return null;
  const engine = await engineOf(settings);
  const values = engine
    ? await engine.load(state, content)
    : readValues(codec, content.text);
  if (values === undefined) return null;
  state.values = values ?? {};
  if (isOver(endOf(state, sealed))) return null;
  if (!values) return reject(engine ? "record" : "not-json");
  if (!await fit(settings, values)) return reject("schema");
  if (await (await revokingOf(settings))?.isRevoked(state)) return null;
  tell(state, "opened");
  return state;
}
