import type { SessionInfo } from "../../mod.ts";
import type { Shown } from "../home.ts";
import { type Markup, markup } from "../markup.ts";
import type { Place } from "../stores.ts";
import { toPlaces, type Two } from "./late_kv.ts";
import { toDuration } from "./words.ts";

/** The page with the visitor's own session. */
export function toHome(
  shown: Shown,
  place: Place,
  now: number,
  kv: Two | undefined,
): Markup {
  const { session, name } = shown;
  const visits = session.get("visits") ?? 0;
  const left = toDuration(session.expiresAt - now);
  return markup`<h1>Hello, ${name ?? "stranger"}</h1>
<p class="lead">
  <strong>Visit ${visits}</strong> in this session, which ends in ${left}
  unless you come back. ${!kv && markup`<a href="/">Visit again</a>`}
</p>
${kv && toPlaces(kv, visits)}
${name === undefined ? SIGN_IN : SIGNED_IN}
${name !== undefined && toDevices(shown, place, now)}`;
}

const SIGN_IN = markup`<section aria-labelledby="sign-in">
  <h2 id="sign-in">Sign in</h2>
  <form method="post" action="/sign-in">
    <label for="name">Your name</label>
    <input id="name" name="name" required maxlength="40" autocomplete="nickname">
    <label class="check">
      <input type="checkbox" name="remember"> Remember me for 30 days
    </label>
    <button>Sign in</button>
  </form>
  <p class="soft">
    Any name will do, there is no password. The session gets a new cookie then,
    and its timeouts start again.
  </p>
</section>`;

const SIGNED_IN = markup`<div class="row">
  <form method="post" action="/sign-out"><button>Sign out</button></form>
  <form method="post" action="/invite">
    <button class="quiet">Sign in on another browser, too</button>
  </form>
</div>`;

function toDevices(
  { session, devices }: Shown,
  { name }: Place,
  now: number,
): Markup {
  if (!devices) {
    return markup`<section aria-labelledby="devices">
  <h2 id="devices">Your devices</h2>
  <p>
    With “${name}”, the server keeps nothing: there is nothing to list, and
    nothing to end from afar. Choose a store above to see your devices.
  </p>
</section>`;
  }
  const items = devices.map((device) =>
    toDevice(device, device.id === session.id, now)
  );
  return markup`<section aria-labelledby="devices">
  <h2 id="devices">Your devices</h2>
  <ul class="devices">${items}</ul>
  <div class="row">
    <form method="post" action="/devices/add">
      <button class="quiet">Add a made-up phone</button>
    </form>
    <form method="post" action="/devices/end-all">
      <button class="quiet">Sign out everywhere</button>
    </form>
  </div>
</section>`;
}

function toDevice(
  { id, label, createdAt, lastSeenAt }: SessionInfo,
  isThis: boolean,
  now: number,
): Markup {
  const name = label || "A device";
  const whose = isThis ? `${name}, this one` : name;
  return markup`
    <li>
      <p>
        <strong>${name}</strong>${isThis && markup` <em>this one</em>`}
        <small>Signed in ${ago(now - createdAt)},
        seen ${ago(now - lastSeenAt)}</small>
      </p>
      <form method="post" action="/devices/end">
        <input type="hidden" name="id" value="${id}">
        <button class="quiet" aria-label="Sign out ${whose}">Sign out</button>
      </form>
    </li>`;
}

function ago(ms: number): string {
  return ms < 60_000 ? "just now" : `${toDuration(ms)} ago`;
}

/** What a link leads to that signs another browser in. */
export function toJoin(code: string, name: string | undefined): Markup {
  if (name === undefined) {
    return markup`<h1>This link is used up</h1>
<p>It is good once, and for five minutes. <a href="/">To your session</a></p>`;
  }
  return markup`<h1>Sign in as ${name}?</h1>
<p>This browser will be another one of ${name}’s devices.</p>
<form method="post" action="/join">
  <input type="hidden" name="code" value="${code}">
  <button>Sign in</button>
</form>`;
}
