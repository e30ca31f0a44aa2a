import type { Quartiles } from "../common/quartiles.ts";
import { short } from "../common/short.ts";
import { kindOf, type Scale, scaleFor } from "./scale.ts";
import {
  bar,
  type Legend,
  legend,
  line,
  mark,
  picture,
  type Series,
  text,
} from "./svg.ts";

/** A subject, with a figure for each series; some may be missing. */
export interface Line {
  readonly name: string;
  readonly isOurs: boolean;
  readonly figures: readonly (Quartiles | undefined)[];
}

/** Some subjects side by side. */
export interface Panel {
  readonly name: string;
  readonly lines: readonly Line[];
}

/** Panels with one axis, so that they can be compared. */
export interface PanelChart {
  readonly title: string;
  readonly description: string;
  /** What the axis shows, with its unit. */
  readonly axis: string;
  readonly series: Legend;
  readonly panels: readonly Panel[];
  /** A figure that stands for "the same". */
  readonly one?: number;
  /** Bars from 0 instead of marks with quartiles. */
  readonly bars?: boolean;
  /** Whether each panel has an axis of its own. */
  readonly ownAxes?: boolean;
  /** How many panels stand side by side; two, if it is not said. */
  readonly columns?: number;
  /** Stands beside the legend. */
  readonly note?: string;
}

const WIDTH = 900;
const ROW = 19;
const NAMES = 182;
const FIGURE = 46;

/** Draws panels, row by row. */
export function drawPanels(chart: PanelChart): string {
  const { title, description, panels, series } = chart;
  const all = scaleFor(figuresIn(panels), chart.bars ? false : undefined);
  const parts = series.length > 1 ? legend(22, 48, series) : [];
  if (chart.note) parts.push(text(WIDTH - 16, 48, chart.note, "quiet end"));
  const columns = Math.min(chart.columns ?? 2, panels.length);
  const column = WIDTH / columns;
  let top = series.length > 1 ? 64 : 40;
  for (let first = 0; first < panels.length; first += columns) {
    const side = panels.slice(first, first + columns);
    for (const [place, panel] of side.entries()) {
      const scale = chart.ownAxes
        ? scaleFor(figuresIn([panel]), chart.bars ? false : undefined)
        : all;
      parts.push(
        ...drawPanel(chart, panel, scale, place * column, top, column),
      );
    }
    top += Math.max(...side.map(({ lines }) => lines.length)) * ROW + 72;
  }
  const size = { width: WIDTH, height: top };
  return picture({ ...size, title, description }, parts);
}

function drawPanel(
  chart: PanelChart,
  { name, lines }: Panel,
  scale: Scale,
  left: number,
  top: number,
  width: number,
): string[] {
  const start = left + NAMES;
  const end = left + width - chart.series.length * FIGURE - 22;
  const at = (value: number) => start + scale.place(value) * (end - start);
  const bottom = top + 24 + lines.length * ROW;
  const parts = [text(left + 16, top + 14, name, "strong")];
  for (const tick of scale.ticks) {
    parts.push(line(at(tick), top + 22, at(tick), bottom, "grid"));
    parts.push(text(at(tick), bottom + 15, short(tick), "quiet middle"));
  }
  parts.push(
    text((start + end) / 2, bottom + 31, axisOf(chart, scale), "quiet middle"),
  );
  if (chart.one !== undefined && scale.place(chart.one) >= 0) {
    parts.push(line(at(chart.one), top + 22, at(chart.one), bottom, "one"));
  }
  const columnAt = (place: number) => end + 14 + (place + 1) * FIGURE - 10;
  if (chart.series.length > 1) {
    for (const place of chart.series.keys()) {
      parts.push(mark(columnAt(place) - 8, top + 10, place as Series));
    }
  }
  for (const [row, each] of lines.entries()) {
    const y = top + 24 + (row + 0.5) * ROW;
    const look = each.isOurs ? "strong" : "";
    parts.push(text(start - 10, y + 4, each.name, `end ${look}`.trim()));
    for (const [place, figure] of each.figures.entries()) {
      const said = figure ? short(figure.median) : "–";
      parts.push(text(columnAt(place), y + 4, said, `end ${look}`.trim()));
      if (!figure) continue;
      const series = place as Series;
      if (chart.bars) {
        const height = (ROW - 5) / chart.series.length;
        const above = y - (ROW - 5) / 2 + place * height;
        const length = at(figure.median) - at(0);
        parts.push(bar(start, above, length, height, series));
      } else {
        parts.push(line(at(figure.low), y, at(figure.high), y, `s${series}`));
        parts.push(mark(at(figure.median), y, series));
      }
    }
  }
  return parts;
}

function axisOf({ axis }: PanelChart, scale: Scale): string {
  return `${axis} (${kindOf(scale)})`;
}

function figuresIn(panels: readonly Panel[]): number[] {
  return panels.flatMap(({ lines }) =>
    lines.flatMap(({ figures }) =>
      figures.flatMap((each) => each ? [each.low, each.median, each.high] : [])
    )
  );
}
