import { type Markup, markup } from "../markup.ts";
import type { Shown, Side } from "../race.ts";
import { plural } from "./words.ts";

interface Verdict {
  readonly isGood: boolean;
  readonly text: string;
}

/** The page of the race. */
export function toRace(shown: Shown, about: string, source: string): Markup {
  const { board, ours, theirs } = shown;
  return markup`<h1>A race</h1>
<p class="lead">
  Ada gives stars. A slow request has read her session, and will write it later.
  Meanwhile, another tab does something.
</p>
<div id="board">
  <div class="sides">
    ${toSide("with-session", ours, verdictOf(shown, "ours"))}
    ${toSide("The last write wins", theirs, verdictOf(shown, "theirs"))}
  </div>
  <section aria-labelledby="play">
    <h2 id="play">Watch it</h2>
    <form class="row" method="post" action="/race/play">
      <button name="play" value="update">Two stars at once</button>
      <button name="play" value="sign-out">A sign-out during a slow star</button>
    </form>
  </section>
  ${toButtons(shown)}
  ${board.rows.length > 0 && toRows(shown)}
</div>
<section aria-labelledby="how">
  <h2 id="how">How the two differ</h2>
  <p>
    Both read the session when the request begins. The other one writes all of
    it when the request ends, over whatever is there by then. with-session
    writes what the request has changed, on top of what others have written, and
    never into what has ended. ${about}
  </p>
  <details>
    <summary>The other session, all of it</summary>
    <pre tabindex="0"><code>${source}</code></pre>
  </details>
</section>`;
}

function toSide(
  name: string,
  { user, stars }: Side,
  verdict: Verdict | undefined,
): Markup {
  const who = user === undefined ? "nobody is signed in" : "Ada is signed in";
  const unit = stars === 1 ? "star" : "stars";
  const isIn = user !== undefined;
  return markup`<section class="side" aria-label="${name}">
      <h2>${name}</h2>
      <p class="stars"><b>${isIn ? `${stars}` : "–"}</b>
        <span>${isIn && `${unit}, `}${who}</span></p>
      ${
    verdict
      ? markup`<p class="${
        verdict.isGood ? "good" : "bad"
      }">${verdict.text}</p>`
      : markup`<p class="soft">Nothing has happened yet.</p>`
  }
    </section>`;
}

function toButtons({ board, ours, theirs }: Shown): Markup {
  const { held, rows } = board;
  const isOn = rows.length > 0 || ours.user !== undefined ||
    theirs.user !== undefined;
  const button = (path: string, name: string) =>
    markup`
      <form method="post" action="/race/${path}">
        <button class="quiet">${name}</button>
      </form>`;
  const acts = isOn && markup`
      <form method="post" action="/race/slow" target="_blank" data-background>
        <button class="quiet">Give a slow star</button>
      </form>
      ${button("star", "Give a star")}
      ${button("sign-out", "Sign out")}`;
  const release = held > 0 && markup`
      <form method="post" action="/race/release">
        <button>Let the slow one finish</button>
      </form>`;
  const waiting = held > 0 &&
    `${plural(held, "request")} held, between reading and writing.`;
  return markup`<section aria-labelledby="hand">
    <h2 id="hand">Or do it by hand</h2>
    <p class="soft">
      Each button sends one request, which does the same to both sessions.
    </p>
    <div class="row">
      ${button("start", isOn ? "Begin again" : "Begin: Ada signs in")}
      ${acts}
      ${release}
    </div>
    <p role="status">${waiting}</p>
    <noscript>
      <p class="soft">
        A slow star opens a tab that waits. Come back to this one then, and
        reload it.
      </p>
    </noscript>
  </section>`;
}

/** What has become of the stars and of the sign-out, on one side. */
function verdictOf(
  { board, ...sides }: Shown,
  side: "ours" | "theirs",
): Verdict | undefined {
  const { user, stars } = sides[side];
  const refused = side === "ours" ? board.refused : 0;
  if (board.hasSignedOut) {
    if (user !== undefined) {
      return { isGood: false, text: "The sign-out is undone" };
    }
    const late = refused ? ", and the late star was told so" : "";
    return { isGood: true, text: `Stays signed out${late}` };
  }
  const given = board.given[side];
  if (given === 0) return undefined;
  const lost = given - refused - stars;
  return lost > 0
    ? { isGood: false, text: `${plural(lost, "star")} of ${given} lost` }
    : { isGood: true, text: "Every star is kept" };
}

function toRows({ board }: Shown): Markup {
  const rows = board.rows.map(({ what, ours, theirs }) =>
    markup`
        <tr><th scope="row">${what}</th><td>${ours}</td><td>${theirs}</td></tr>`
  );
  return markup`<section aria-labelledby="steps">
    <h2 id="steps">What has happened</h2>
    <div class="scroll" tabindex="0" role="region" aria-labelledby="steps">
      <table>
        <thead>
          <tr>
            <th scope="col">Request</th>
            <th scope="col">with-session</th>
            <th scope="col">The last write wins</th>
          </tr>
        </thead>
        <tbody>${rows}
        </tbody>
      </table>
    </div>
  </section>`;
}
