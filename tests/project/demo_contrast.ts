import type { Page } from "playwright-core";

/** A text that is hard to read. */
export interface Faint {
  readonly text: string;
  readonly ratio: number;
}

/**
 * The texts of a page whose contrast with what is behind them is less than a
 * ratio, by the formula of WCAG 2.2.
 */
export async function faintTexts(page: Page, least: number): Promise<Faint[]> {
  return await page.evaluate(findFaint, least);
}

/** Runs in the browser, and so has all that it needs inside. */
function findFaint(least: number): Faint[] {
  // deno-lint-ignore no-explicit-any
  const { document, getComputedStyle } = globalThis as any;
  const context = document.createElement("canvas").getContext("2d");

  /** A colour of any notation, as red, green, blue and alpha from 0 to 1. */
  function toRgba(color: string): number[] {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = color;
    context.fillRect(0, 0, 1, 1);
    const data: number[] = [...context.getImageData(0, 0, 1, 1).data];
    return data.map((value) => value / 255);
  }

  function luminance(rgba: readonly number[]): number {
    const [red = 0, green = 0, blue = 0] = rgba.map((value) =>
      value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
    );
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }

  // deno-lint-ignore no-explicit-any
  function backgroundOf(element: any): number[] {
    for (let each = element; each; each = each.parentElement) {
      const rgba = toRgba(getComputedStyle(each).backgroundColor);
      if (rgba[3] === 1) return rgba;
    }
    return [1, 1, 1, 1];
  }

  const found: Faint[] = [];
  const walker = document.createTreeWalker(document.body, 4);
  while (walker.nextNode()) {
    const text = walker.currentNode.nodeValue.trim();
    const element = walker.currentNode.parentElement;
    if (!text || !element.checkVisibility()) continue;
    const [ink, paper] = [
      luminance(toRgba(getComputedStyle(element).color)),
      luminance(backgroundOf(element)),
    ];
    const ratio = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    if (ratio < least) found.push({ text, ratio });
  }
  return found;
}
