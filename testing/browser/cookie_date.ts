const DELIMITERS = /[\t -/;-@[-`{-~]+/;
const MONTHS = "janfebmaraprmayjunjulaugsepoctnovdec";

/**
 * Reads the date of an `Expires` attribute, as loosely as browsers do (RFC
 * 6265bis §5.1.1).
 *
 * @returns In ms since 1970; `undefined` if it is no date, as the attribute is
 * ignored then.
 */
export function parseCookieDate(text: string): number | undefined {
  let time: number[] | undefined;
  let day: number | undefined;
  let month: number | undefined;
  let year: number | undefined;
  for (const token of text.split(DELIMITERS)) {
    // Each part is what fits first, in this order.
    const clock = /^(\d\d?):(\d\d?):(\d\d?)(?!\d)/.exec(token);
    const name = /^[a-z]{3}/i.exec(token)?.[0].toLowerCase() ?? "";
    if (!time && clock) time = clock.slice(1).map(Number);
    else if (day === undefined && /^\d\d?(?!\d)/.test(token)) {
      day = parseInt(token);
    } else if (month === undefined && isMonth(name)) {
      month = MONTHS.indexOf(name) / 3;
    } else if (year === undefined && /^\d{2,4}(?!\d)/.test(token)) {
      year = fullYear(parseInt(token));
    }
  }
  if (!time || !day || month === undefined || !year || year < 1601) {
    return undefined;
  }
  const [hours = 0, minutes = 0, seconds = 0] = time;
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
  const date = new Date(Date.UTC(year, month, day, hours, minutes, seconds));
  // There is no 31 February.
  return date.getUTCDate() === day ? date.getTime() : undefined;
}

function isMonth(name: string): boolean {
  return name !== "" && MONTHS.indexOf(name) % 3 === 0;
}

function fullYear(year: number): number {
  if (year > 99) return year;
  return year < 70 ? 2000 + year : 1900 + year;
}
