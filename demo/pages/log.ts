import type { Line } from "../log.ts";
import { type Markup, markup } from "../markup.ts";
import { wordsOf } from "../words.ts";

/** A line of the log. */
export function toLine({ at, by, isOther, event }: Line): Markup {
  const instant = new Date(at).toISOString();
  const time = instant.slice(11, 19);
  return markup`<li>
    <time datetime="${instant}">${time}</time>
    <code>${event.type}</code>
    <p>
      ${wordsOf(event)}${isOther && " It was another device’s."}
      <small>${by}</small>
    </p>
  </li>`;
}
