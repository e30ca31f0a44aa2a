/** One of the things that a chart compares; its colour and its shape. */
export type Series = 0 | 1 | 2 | 3;

/** The names of series, above a chart. */
export type Legend = readonly string[];

const styles = `
text { font: 12px system-ui, sans-serif; fill: var(--ink) }
.title { font-size: 15px; font-weight: 600 }
.strong { font-weight: 600 }
.quiet { fill: var(--quiet) }
.end { text-anchor: end }
.middle { text-anchor: middle }
.paper { fill: var(--paper) }
.grid { stroke: var(--grid) }
.one { stroke: var(--quiet); stroke-dasharray: 3 3 }
.s0 { fill: var(--s0); stroke: var(--s0) }
.s1 { fill: var(--s1); stroke: var(--s1) }
.s2 { fill: var(--s2); stroke: var(--s2) }
.s3 { fill: var(--s3); stroke: var(--s3) }
.line { fill: none; stroke-width: 2 }
svg {
  --paper: #ffffff; --ink: #1f2328; --quiet: #59636e; --grid: #d1d9e0;
  --s0: #0969da; --s1: #bc4c00; --s2: #1a7f37; --s3: #8250df;
}
@media (prefers-color-scheme: dark) {
  svg {
    --paper: #0d1117; --ink: #f0f6fc; --quiet: #9198a1; --grid: #3d444d;
    --s0: #58a6ff; --s1: #f0883e; --s2: #3fb950; --s3: #bc8cff;
  }
}`;

/**
 * A whole picture. It has a ground of its own: a page may be dark where its
 * reader's system is light.
 */
export function picture(
  { width, height, title, description }: {
    readonly width: number;
    readonly height: number;
    readonly title: string;
    readonly description: string;
  },
  parts: readonly string[],
): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" ` +
    `width="${width}" height="${height}" role="img" ` +
    `aria-labelledby="title description">`,
    `<title id="title">${escape(title)}</title>`,
    `<desc id="description">${escape(description)}</desc>`,
    `<style>${styles}\n</style>`,
    `<rect class="paper" width="${width}" height="${height}"/>`,
    text(16, 24, title, "title"),
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

export function text(
  x: number,
  y: number,
  content: string,
  look = "",
): string {
  const of = look ? ` class="${look}"` : "";
  return `<text x="${n(x)}" y="${n(y)}"${of}>${escape(content)}</text>`;
}

export function line(
  x1: number,
  y1: number,
  x2: number,
  y2: number,
  look: string,
): string {
  return `<line x1="${n(x1)}" y1="${n(y1)}" x2="${n(x2)}" y2="${n(y2)}" ` +
    `class="${look}"/>`;
}

export function bar(
  x: number,
  y: number,
  width: number,
  height: number,
  series: Series,
): string {
  return `<rect x="${n(x)}" y="${n(y)}" width="${n(width)}" ` +
    `height="${n(height)}" class="s${series}"/>`;
}

/** Series differ by shape as well, for who does not tell the colours apart. */
export function mark(x: number, y: number, series: Series): string {
  const look = `class="s${series}"`;
  if (series === 0) return `<circle cx="${n(x)}" cy="${n(y)}" r="4" ${look}/>`;
  const corners = {
    1: [[-3.5, -3.5], [3.5, -3.5], [3.5, 3.5], [-3.5, 3.5]],
    2: [[0, -5], [5, 4], [-5, 4]],
    3: [[0, -5], [5, 0], [0, 5], [-5, 0]],
  }[series];
  const points = corners.map(([dx = 0, dy = 0]) => `${n(x + dx)},${n(y + dy)}`);
  return `<polygon points="${points.join(" ")}" ${look}/>`;
}

export function path(points: readonly [number, number][], series: Series) {
  const steps = points.map(([x, y]) => `${n(x)},${n(y)}`).join(" ");
  return `<polyline points="${steps}" class="line s${series}" style="fill:none"/>`;
}

export function legend(x: number, y: number, names: Legend): string[] {
  return names.flatMap((name, place) => {
    const start = x + names.slice(0, place)
      .reduce((sum, { length }) => sum + length * 6.6 + 32, 0);
    return [mark(start, y - 4, place as Series), text(start + 10, y, name)];
  });
}

/** A coordinate: a tenth of a pixel is enough, and -0 is 0. */
function n(value: number): string {
  return `${Math.round(value * 10) / 10 + 0}`;
}

function escape(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}
