import { PLACES } from "../late_kv.ts";
import { type Markup, markup } from "../markup.ts";
import { plural } from "./words.ts";

/** What the KV in each place knows of a session. */
export interface Two {
  /** Where this request has arrived. */
  readonly here: number;
  /** The visits in the record there; `undefined` without a record. */
  readonly visits: readonly (number | undefined)[];
}

/** What a late KV says, beside what the session says. */
export function toPlaces({ here, visits: known }: Two, visits: number): Markup {
  const answers = PLACES.map((name, place) => {
    const count = known[place];
    return toAnswer(
      `The KV in ${name}`,
      count === undefined ? "nothing yet" : plural(count, "visit"),
    );
  });
  const links = PLACES.map((name, place) =>
    markup`
    <a class="button" href="/?at=${place}">Visit from ${name}</a>`
  );
  return markup`<section aria-labelledby="places">
  <h2 id="places">One KV, two places</h2>
  <dl class="places">
    ${toAnswer("Your session", plural(visits, "visit"))}
    ${answers}
  </dl>
  <p>
    This request came to ${PLACES[here]}; what the KV knows is without it. Your
    session is never behind: the cookie has the last write for as long as that
    may be on its way.
  </p>
  <p class="row">${links}</p>
</section>`;
}

function toAnswer(who: string, what: string): Markup {
  return markup`<div><dt>${who}</dt><dd>${what}</dd></div>`;
}
