import { type Choice, DELAY } from "../choice.ts";
import type { Notice } from "../home.ts";
import type { Line } from "../log.ts";
import { type Markup, markup } from "../markup.ts";
import type { Place } from "../stores.ts";
import { toLine } from "./log.ts";

/** What is around every page. */
export interface Frame {
  readonly title: string;
  /** The path of the page, if it is one of the three. */
  readonly path?: string;
  readonly places: readonly Place[];
  readonly choice: Choice;
  readonly notices?: readonly Notice[];
  /** What has happened, and where more of it is told. */
  readonly log?: { readonly lines: readonly Line[]; readonly events: string };
}

const PAGES = [
  ["/", "Your session"],
  ["/cookie", "Opened cookie"],
  ["/race", "Race"],
] as const;

const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "connect-src 'self'",
  "img-src data:",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
];

const HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": POLICY.join("; "),
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
};

/** A page as a response. */
export function toResponse(
  frame: Frame,
  main: Markup,
  status = 200,
): Response {
  return new Response(toPage(frame, main).text, { status, headers: HEADERS });
}

function toPage(frame: Frame, main: Markup): Markup {
  const { title, notices = [], log } = frame;
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · with-session</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/style.css">
<script src="/script.js" defer></script>
</head>
<body>
<a class="skip" href="#main">To the page</a>
<header>
  <p class="brand">with-session</p>
  <nav aria-label="Pages">
    <ul>${PAGES.map(([path, name]) => toLink(path, name, frame))}</ul>
  </nav>
</header>
${toStores(frame)}
<main id="main" tabindex="-1">
${notices.map(toNotice)}
${main}
</main>
${log && toLog(log)}
<footer>
  <p>This server runs on your machine, and what it keeps ends with it.</p>
</footer>
</body>
</html>
`;
}

function toLink(path: string, name: string, frame: Frame): Markup {
  const current = path === frame.path && markup` aria-current="page"`;
  return markup`<li><a href="${path}"${current}>${name}</a></li>`;
}

function toNotice({ text, link }: Notice): Markup {
  const address = link && markup` <a href="${link}">${link}</a>`;
  return markup`<p class="notice" role="status">${text}${address}</p>`;
}

function toStores({ places, choice, path }: Frame): Markup {
  const chosen = places.find(({ kind }) => kind === choice.kind);
  const buttons = places.map((place) => toChoice(place, place === chosen));
  return markup`<form class="stores" method="post" action="/choose">
  <input type="hidden" name="back" value="${path ?? "/"}">
  <fieldset>
    <legend>Where sessions are kept</legend>
    <div class="choices">${buttons}</div>
    <p>${chosen?.about}</p>
    ${chosen?.kind === "kv" && toSlider(choice)}
  </fieldset>
</form>`;
}

function toChoice({ kind, name }: Place, isChosen: boolean): Markup {
  const pressed = `${isChosen}`;
  return markup`
      <button name="kind" value="${kind}" aria-pressed="${pressed}">${name}</button>`;
}

function toSlider({ delay, kind }: Choice): Markup {
  const { min, max, step } = DELAY;
  return markup`<div class="slider">
      <label for="delay">How late a write is elsewhere</label>
      <input type="range" id="delay" name="delay"
        min="${min}" max="${max}" step="${step}" value="${delay}">
      <output for="delay">${delay} s</output>
      <button class="quiet" name="kind" value="${kind}">Set</button>
    </div>
    <p>A place also remembers for 30 s what it has read, as Cloudflare’s do.</p>`;
}

function toLog({ lines, events }: NonNullable<Frame["log"]>): Markup {
  const last = lines.at(-1)?.number ?? 0;
  return markup`<section class="log" aria-labelledby="log">
  <h2 id="log">What your session’s events say</h2>
  <p class="soft">
    Yours alone, the newest first. This is what <code>onEvent</code> is told:
    no event has a token or data.
  </p>
  <ol data-events="${events}" data-after="${last}" aria-live="polite">
  ${lines.toReversed().map(toLine)}
  </ol>
</section>`;
}
