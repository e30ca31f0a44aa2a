/** A page of HTML, in which all that is put in is escaped. */
export function html(
  parts: TemplateStringsArray,
  ...values: readonly (string | number)[]
): Response {
  const text = String.raw({ raw: parts }, ...values.map(escape));
  return new Response(text, {
    headers: { "content-type": "text/html; charset=utf-8" },
  });
}

/** Sends the browser on, by a GET. */
export function goTo(path: string): Response {
  return new Response(null, { status: 303, headers: { location: path } });
}

function escape(value: string | number): string {
  return String(value).replace(
    /[&<>"']/g,
    (character) => `&#${character.charCodeAt(0)};`,
  );
}
