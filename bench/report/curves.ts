import { short } from "../common/short.ts";
import { kindOf, scaleFor } from "./scale.ts";
import { legend, line, mark, path, picture, type Series, text } from "./svg.ts";

/** How one thing grows. */
export interface Curve {
  readonly name: string;
  /** Sizes and figures. */
  readonly points: readonly (readonly [number, number])[];
}

/** Curves over one axis of sizes. */
export interface Plot {
  readonly axis: string;
  readonly curves: readonly Curve[];
}

/** Plots side by side. */
export interface CurveChart {
  readonly title: string;
  readonly description: string;
  readonly sizes: string;
  readonly plots: readonly Plot[];
}

const WIDTH = 900;
const HEIGHT = 340;

/** Draws curves over sizes, whose axis is logarithmic. */
export function drawCurves(chart: CurveChart): string {
  const { title, description, plots } = chart;
  const width = WIDTH / plots.length;
  const parts = plots.flatMap((plot, place) =>
    drawPlot(plot, chart.sizes, place * width, width)
  );
  const size = { width: WIDTH, height: HEIGHT };
  return picture({ ...size, title, description }, parts);
}

function drawPlot(
  { axis, curves }: Plot,
  sizes: string,
  left: number,
  width: number,
): string[] {
  const points = curves.flatMap((curve) => curve.points);
  const across = scaleFor(points.map(([size]) => size), true);
  const up = scaleFor(points.map(([, figure]) => figure));
  const [start, end, top, bottom] = [left + 62, left + width - 24, 92, 284];
  const x = (size: number) => start + across.place(size) * (end - start);
  const y = (figure: number) => bottom - up.place(figure) * (bottom - top);
  const parts = [text(left + 16, 52, `${axis} (${kindOf(up)})`, "strong")];
  if (curves.length > 1) {
    parts.push(...legend(left + 22, 74, curves.map(({ name }) => name)));
  }
  for (const tick of up.ticks) {
    parts.push(line(start, y(tick), end, y(tick), "grid"));
    parts.push(text(start - 8, y(tick) + 4, short(tick), "quiet end"));
  }
  for (const tick of across.ticks) {
    parts.push(line(x(tick), top, x(tick), bottom, "grid"));
    parts.push(text(x(tick), bottom + 17, short(tick), "quiet middle"));
  }
  const middle = (start + end) / 2;
  parts.push(
    text(middle, bottom + 37, `${sizes} (${kindOf(across)})`, "quiet middle"),
  );
  for (const [place, { points }] of curves.entries()) {
    const series = place as Series;
    const places = points.map(([size, figure]): [number, number] => [
      x(size),
      y(figure),
    ]);
    parts.push(path(places, series));
    for (const [px, py] of places) parts.push(mark(px, py, series));
  }
  return parts;
}
