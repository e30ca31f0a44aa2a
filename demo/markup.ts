/** HTML that is safe to send: texts in it have been escaped. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in a template: a text, HTML, several, or nothing. */
export type Part =
  | string
  | number
  | Markup
  | false
  | undefined
  | readonly Part[];

/** Makes HTML of a template. Texts are escaped, in quoted attributes as well. */
export function markup(
  { raw }: TemplateStringsArray,
  ...parts: readonly Part[]
): Markup {
  let text = raw[0] ?? "";
  for (const [place, part] of parts.entries()) {
    text += textOf(part) + raw[place + 1];
  }
  return new Markup(text);
}

function textOf(part: Part): string {
  if (part === undefined || part === false) return "";
  if (part instanceof Markup) return part.text;
  if (typeof part === "object") return part.map(textOf).join("");
  return `${part}`.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
