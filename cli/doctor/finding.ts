import type { SetCookie } from "./set_cookie.ts";
import type { Exchange } from "./visit.ts";

/** What is wrong with how an address treats its cookie. */
export interface Finding {
  /** Its name, for programs: `drop-domain`, `cache-vary` … */
  readonly code: string;
  /** A `note` may be meant so. */
  readonly level: "fault" | "note";
  /** The cookie that it is about, if it is about one. */
  readonly cookie?: string | undefined;
  /** What happens. */
  readonly says: string;
  /** What to do about it. */
  readonly advice: string;
}

/** All that was seen of an address. */
export interface Visits {
  /** The first visit, with its redirects within the site. */
  readonly first: readonly Exchange[];
  /** The last of these, and its cookies. */
  readonly page: Exchange;
  /** Another visitor without a cookie. */
  readonly other?: Exchange | undefined;
  /** The first visitor comes again, with the cookies. */
  readonly again?: Exchange | undefined;
  /** A script of another site asks for it. */
  readonly foreign?: Exchange | undefined;
  /** Where a redirect leads that was not followed. */
  readonly leads?: URL | undefined;
  /** The `Cookie` field of the first visitor who comes again; `""` without. */
  readonly sent: string;
  /** How many visits after the first nobody has answered. */
  readonly unanswered: number;
  /** Whether the redirects have no end. */
  readonly isCircle: boolean;
  /** The cookies of an exchange. */
  cookies(exchange: Exchange): readonly SetCookie[];
}

/** Looks for faults of one kind. */
export type Rule = (visits: Visits) => Iterable<Finding>;

/** Makes a fault. */
export function fault(
  code: string,
  cookie: string | undefined,
  says: string,
  advice: string,
): Finding {
  return { code, level: "fault", cookie, says, advice };
}

/** Makes a note. */
export function note(
  code: string,
  cookie: string | undefined,
  says: string,
  advice: string,
): Finding {
  return { code, level: "note", cookie, says, advice };
}
