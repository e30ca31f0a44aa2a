import { SKEW } from "../../src/session/timeouts.ts";
import { span } from "../common/time.ts";
import { fault, type Finding, note, type Visits } from "./finding.ts";
import { isLoopback } from "./set_cookie.ts";
import { fieldOf } from "./visit.ts";

/** What is wrong between the browser and the program. */
export function* findProxied(visits: Visits): Iterable<Finding> {
  const { first, again, page, isCircle, cookies } = visits;
  for (const exchange of first) {
    const location = fieldOf(exchange, "location");
    const { url } = exchange;
    const target = location ? URL.parse(location, url) : null;
    const isDown = target?.protocol === "http:" && url.protocol === "https:" &&
      target.hostname === url.hostname;
    if (isDown && !isCircle) {
      yield fault(
        "proxy-scheme",
        undefined,
        "It redirects from https to http: the program takes itself to be on http",
        "Let the proxy send X-Forwarded-Proto and the framework trust it, " +
          "and set cookie: { secure: true }",
      );
    }
  }
  if (isCircle) {
    yield fault(
      "redirect-circle",
      undefined,
      "Its redirects have no end, although the cookies are sent back",
      "If it redirects until there is a session, the cookie does not reach the " +
        "program, or is refused: look at it by with-session inspect. If from " +
        "https to itself, the program takes itself to be on http",
    );
  }
  const isRefused = again && again.status >= 400 && page.status < 400;
  if (isRefused) {
    const isSize = [400, 413, 431, 502].includes(again.status);
    yield fault(
      "refused",
      first.flatMap((each) => cookies(each)).find(({ isSession }) => isSession)
        ?.name,
      `With its own cookies, the address answers ${again.status}` +
        (isSize
          ? `: ${again.sent.length} bytes of cookies may be too many`
          : ""),
      isSize
        ? "Raise the limit for header fields (nginx: large_client_header_buffers " +
          "and proxy_buffer_size), or keep less in the cookie"
        : "Look into the program's log for this request",
    );
  }
}

/** Visits that got no answer, after one that did. */
export function* findUnanswered(visits: Visits): Iterable<Finding> {
  const { unanswered, other, again, page, sent, first, cookies } = visits;
  if (!unanswered) return;
  if (other && !again && sent) {
    yield fault(
      "refused",
      first.flatMap((each) => cookies(each)).find(({ isSession }) => isSession)
        ?.name,
      "With its own cookies, the address does not answer, and without them it " +
        `does: ${sent.length} bytes of cookies may be too many`,
      "Raise the limit for header fields, or keep less in the cookie; or look " +
        "into the program's log for this request",
    );
    return;
  }
  yield note(
    "unanswered",
    undefined,
    `It answered the first visit with ${page.status}, and ${unanswered} later ` +
      "ones not at all: what caches and other sites get was not looked at",
    "Try it again, with a longer --timeout",
  );
}

/** Whether the server's clock and this one's differ. */
export function* findSkew({ page }: Visits): Iterable<Finding> {
  const date = Date.parse(fieldOf(page, "date"));
  const age = Number(fieldOf(page, "age")) || 0;
  if (!Number.isFinite(date)) return;
  // The answer was made between these two; it says whole seconds.
  const sent = date + age * 1000;
  const ahead = sent - page.ended;
  const behind = page.began - (sent + 999);
  const skew = Math.max(ahead, behind) / 1000;
  if (skew <= SKEW) return;
  yield fault(
    "clock",
    undefined,
    `The server's clock is ${span(skew)} ${
      ahead > 0 ? "ahead of" : "behind"
    } ` +
      "this one: sessions end too early or too late, and other servers refuse " +
      `cookies that are more than ${SKEW} s from the future`,
    "Set the clocks by NTP, also this one" +
      (isLoopback(page.url)
        ? ": in a container or a virtual machine, say"
        : ""),
  );
}
