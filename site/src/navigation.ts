/** A page or a part of one, as `docs/README.md` lists it. */
export interface NavigationItem {
  readonly label: string;
  /** As it is written there: relative to `docs/`. */
  readonly href: string;
  /** What the page answers, if the list says so. */
  readonly question: string;
}

/** A heading of `docs/README.md`, and the list below it. */
export interface NavigationGroup {
  readonly title: string;
  readonly items: readonly NavigationItem[];
}

/** Takes the navigation from the lists of `docs/README.md`. */
export function readNavigation(markdown: string): NavigationGroup[] {
  return markdown.split(/^## /m).slice(1).map((part) => {
    const [title = "", ...lines] = part.split("\n");
    // An item may go on in the next line.
    const list = lines.join("\n").replace(/\n {2,}/g, " ");
    const items = [...list.matchAll(/^- \[(.+?)\]\((.+?)\)(?:: (.*))?$/gm)];
    return {
      title,
      items: items.map(([, label = "", href = "", question = ""]) => ({
        label: label.replaceAll("`", ""),
        href,
        question,
      })),
    };
  });
}
