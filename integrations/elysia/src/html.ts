/** A page of HTML, in which all that is put in is escaped. */
export function html(
  parts: TemplateStringsArray,
  ...values: readonly (string | number)[]
): Response {
  const text = String.raw(
    { raw: parts },
    ...values.map((value) => Bun.escapeHTML(value)),
  );
  return new Response(text, {
    headers: { "content-type": "text/html; charset=utf-8" },
  });
}
