// Shows what was found on the page of the search.

const MOST = 20;
const words = new URLSearchParams(location.search).get("q")?.trim() ?? "";
const field = document.querySelector("input[name=q]");
const found = document.getElementById("found");
const results = document.getElementById("results");

field.value = words;
let last = 0;
field.addEventListener("input", () => {
  const query = field.value.trim();
  history.replaceState(null, "", `?q=${encodeURIComponent(query)}`);
  show(query);
});
await show(words);

async function show(query) {
  const turn = ++last;
  if (!query) {
    found.textContent = "Type what you look for into the field above.";
    results.replaceChildren();
    return;
  }
  found.textContent = "Searching …";
  try {
    const pagefind = await import("../pagefind/pagefind.js");
    const search = await pagefind.search(query);
    const pages = await Promise.all(
      search.results.slice(0, MOST).map((result) => result.data()),
    );
    // Somebody has typed on.
    if (turn !== last) return;
    const count = search.results.length;
    found.textContent = count === 0
      ? `No page has “${query}”.`
      : `${count} ${count === 1 ? "page has" : "pages have"} “${query}”${
        count > MOST ? `; the best ${MOST} are shown` : ""
      }.`;
    results.replaceChildren(...pages.map(entryOf));
  } catch {
    found.textContent =
      "The index could not be loaded. It needs a server: a page that was opened as a file has none.";
  }
}

/** A page that was found, and the part of it that fits best. */
function entryOf({ meta, url, excerpt, sub_results: parts }) {
  const entry = document.createElement("section");
  const best =
    parts.toSorted((one, other) =>
      (other.weighted_locations?.length ?? 0) -
      (one.weighted_locations?.length ?? 0)
    )[0];
  const heading = document.createElement("h2");
  const link = document.createElement("a");
  link.href = best?.url ?? url;
  link.textContent = best && best.title !== meta.title
    ? `${meta.title}: ${best.title.replace(/\s*#$/, "")}`
    : meta.title;
  heading.append(link);
  const text = document.createElement("p");
  // Pagefind has escaped it, and marked the words.
  text.innerHTML = best?.excerpt ?? excerpt;
  entry.append(heading, text);
  return entry;
}
