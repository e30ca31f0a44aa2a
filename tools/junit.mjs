/**
 * @typedef {object} Case
 * @property {string} name The names from the outermost suite to the test, joined by " > ".
 * @property {string | undefined} failure What failed, as far as the report says.
 * @property {string | undefined} skipped Why it was skipped; empty when the report does not say.
 */

// Node leaves ">" as it is inside an attribute, so a tag cannot be read as
// "everything up to the next >".
const TOKEN =
  /<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>|<(\/?)([a-z]+)((?:\s+[\w:-]+="[^"]*")*)\s*(\/?)>|([^<]+)/g;

const ENTITIES = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/**
 * Reads the JUnit report of Node, Deno or Bun.
 *
 * @param {string} xml
 * @returns {Case[]}
 */
export function parseJunit(xml) {
  const cases = [];
  const suites = [];
  let current;
  let inFailure = false;
  for (const token of xml.matchAll(TOKEN)) {
    const [, cdata, closing, tag, attributes, selfClosing, text] = token;
    if (tag === undefined) {
      if (inFailure) current.failure += cdata ?? decode(text ?? "");
      continue;
    }
    const opens = closing === "";
    const name = attribute(attributes, "name");
    if (tag === "testsuite") {
      if (opens && !selfClosing) suites.push(name);
      if (!opens) suites.pop();
    } else if (tag === "testcase" && opens) {
      current = { name: [...suites, name].join(" > ") };
      cases.push(current);
    } else if (tag === "skipped" && opens) {
      current.skipped = attribute(attributes, "message");
    } else if (tag === "failure" || tag === "error") {
      inFailure = opens && !selfClosing;
      if (opens) current.failure = attribute(attributes, "message") + "\n";
    }
  }
  return cases;
}

function attribute(attributes, name) {
  const found = new RegExp(`\\s${name}="([^"]*)"`).exec(attributes);
  // Twice, because Node 22 escapes a quotation mark in a name twice.
  return decode(decode(found?.[1] ?? ""));
}

function decode(text) {
  return text.replace(/&(#x?[0-9a-f]+|[a-z]+);/gi, (whole, entity) => {
    if (entity.startsWith("#x")) {
      return String.fromCodePoint(parseInt(entity.slice(2), 16));
    }
    if (entity.startsWith("#")) return String.fromCodePoint(entity.slice(1));
    return ENTITIES[entity] ?? whole;
  });
}
