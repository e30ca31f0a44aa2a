// The demo in Chromium: by keyboard, in light and dark, in a narrow window, and
// without scripts. With UPDATE_SCREENSHOTS=1, it also makes the pictures of
// docs/demo.md again.

import { openKv } from "@deno/kv";
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import {
  type Browser,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";
import { createSite } from "../../demo/site.ts";
import { find } from "../../proofs/browsers/engines/engine.ts";
import {
  optionsFor,
  programs,
} from "../../proofs/browsers/engines/chromium.ts";
import { markedSecret } from "../shared/support.ts";
import { faintTexts } from "./demo_contrast.ts";
import { nodeServers, type Running } from "./node_servers.ts";
import { root } from "./process.ts";

const skip = find(programs).missing || false;
const PICTURES = ["session", "cookie", "race", "late-kv"];
// 2036-03-14, a quarter past nine.
const NOW = Date.UTC(2036, 2, 14, 9, 15);

describe("the demo in Chromium", { skip, timeout: 300_000 }, () => {
  let browser: Browser;
  let server: Running;
  let origin: string;
  const closes: (() => unknown)[] = [];

  before(async () => {
    const kv = await openKv(":memory:");
    closes.push(() => kv.close());
    const { fetch } = await createSite({
      secret: markedSecret(),
      now: () => NOW,
      denoKv: kv as unknown as Parameters<typeof createSite>[0]["denoKv"],
    });
    server = await nodeServers.srvx(fetch, "http");
    origin = `http://localhost:${server.port}`;
    browser = await chromium.launch(optionsFor(false));
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    for (const close of closes) close();
  });

  /** Runs with a browser of its own, in which nothing may go wrong. */
  async function visit(
    options: BrowserContextOptions,
    run: (page: Page) => Promise<void>,
  ): Promise<void> {
    const context = await browser.newContext(options);
    const errors: string[] = [];
    context.on("console", (message) => {
      if (message.type() === "error") errors.push(message.text());
    });
    context.on("weberror", (error) => errors.push(`${error.error()}`));
    try {
      const page = await context.newPage();
      page.setDefaultTimeout(20_000);
      await page.goto(origin);
      await run(page);
      assert.deepEqual(errors, []);
    } finally {
      await context.close();
    }
  }

  const click = (page: Page, name: string) =>
    page.getByRole("button", { name, exact: true }).click();
  const signIn = async (page: Page) => {
    await page.getByLabel("Your name").fill("Ada");
    await click(page, "Sign in");
  };

  /** Looks at each page as it is when much has happened. */
  async function eachPage(
    page: Page,
    look: (name: string) => Promise<void>,
  ): Promise<void> {
    await look("stranger");
    await page.getByLabel("Remember me for 30 days").check();
    await signIn(page);
    await click(page, "Add a made-up phone");
    await look("session");
    await page.getByRole("link", { name: "Opened cookie" }).click();
    await look("cookie");
    await page.getByRole("link", { name: "Race" }).click();
    await click(page, "A sign-out during a slow star");
    await page.getByText("The sign-out is undone").waitFor();
    await look("sign-out");
    await click(page, "Two stars at once");
    await page.getByText("1 star of 2 lost").waitFor();
    await look("race");
    await click(page, "Late KV");
    await page.getByRole("link", { name: "Your session" }).click();
    await page.getByRole("link", { name: "Visit from Sydney" }).click();
    await look("late-kv");
    await page.goto(`${origin}/join?code=nothing`);
    await look("used-up");
  }

  it("can be read, has names for all, and headings in order", async () => {
    await visit(
      { viewport: { width: 680, height: 640 } },
      (page) =>
        eachPage(page, async (name) => {
          assert.deepEqual(await faintTexts(page, 4.5), [], name);
          const { nameless, levels, doubled } = await page.evaluate(
            structureOf,
          );
          assert.deepEqual(nameless, [], name);
          assert.deepEqual(doubled, [], name);
          assert.equal(levels.filter((level) => level === 1).length, 1, name);
          const jump = levels.findIndex((level, place) =>
            level > (levels[place - 1] ?? level) + 1
          );
          assert.equal(jump, -1, `${name}: ${levels}`);
          await keepPicture(page, name);
        }),
    );
  });

  it("can be read in the dark, in a window of 360 px", async () => {
    const viewport = { width: 360, height: 800 };
    await visit(
      { colorScheme: "dark", viewport },
      (page) =>
        eachPage(page, async (name) => {
          assert.deepEqual(await faintTexts(page, 4.5), [], name);
          const width = await page.evaluate("document.body.scrollWidth");
          assert.ok(Number(width) <= 360, `${name}: ${width}`);
        }),
    );
  });

  it("can be used by keyboard alone, and shows where one is", async () => {
    await visit({}, async (page) => {
      await page.keyboard.press("Tab");
      assert.equal((await focus(page))[0], "To the page");
      await page.keyboard.press("Enter");
      await tabTo(page, "Your name");
      await page.keyboard.type("Ada");
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "Hello, Ada" }).waitFor();
      await tabTo(page, "Add a made-up phone");
      await page.keyboard.press("Space");
      await page.getByText("A phone has signed in").waitFor();
      await tabTo(page, "Sign out A phone, made up");
      await page.keyboard.press("Enter");
      await page.getByText("That device is signed out").waitFor();
      assert.equal(await page.locator(".devices li").count(), 1);
    });
  });

  it("shows in one tab what another one does", async () => {
    await visit({}, async (page) => {
      const list = page.locator("[data-events] li");
      await list.filter({ hasText: "created" }).waitFor();
      const other = await page.context().newPage();
      await other.goto(`${origin}/cookie`);
      // Who is hidden need not listen; who comes back sees it.
      await page.bringToFront();
      await list.filter({ hasText: "GET /cookie" }).waitFor();
    });
  });

  it("lets a person hold a slow request, and let it go", async () => {
    await visit({}, async (page) => {
      await page.goto(`${origin}/race`);
      await click(page, "Begin: Ada signs in");
      await click(page, "Give a slow star");
      await page.getByText("1 request held").waitFor();
      assert.equal((await focus(page))[0], "Give a slow star");
      await click(page, "Sign out");
      await click(page, "Let the slow one finish");
      await page.getByText("The sign-out is undone").waitFor();
      await page.getByText("the late star was told so").waitFor();
    });
  });

  it("sets the slider at once", async () => {
    await visit({}, async (page) => {
      await click(page, "Late KV");
      const slider = page.getByLabel("How late a write is elsewhere");
      await slider.focus();
      await Promise.all([
        page.waitForEvent("load"),
        page.keyboard.press("ArrowRight"),
      ]);
      assert.equal(await slider.inputValue(), "35");
      await page.getByText("35 s").waitFor();
    });
  });

  it("works without scripts", async () => {
    await visit({ javaScriptEnabled: false }, async (page) => {
      await signIn(page);
      await page.getByText("Welcome, Ada").waitFor();
      await page.goto(`${origin}/race`);
      await click(page, "Begin: Ada signs in");
      // Playwright knows the new tab when it has got an answer.
      const opened = page.context().waitForEvent("page");
      await click(page, "Give a slow star");
      do await page.reload(); while (
        !await page.getByText("1 request held").count()
      );
      await click(page, "Give a star");
      await click(page, "Let the slow one finish");
      const tab = await opened;
      await tab.getByText("1 star of 2 lost").waitFor();
      await tab.getByText("Every star is kept").waitFor();
      await page.goto(origin);
      assert.ok(await page.locator("[data-events] li").count() > 1);
      await click(page, "Late KV");
      await page.getByLabel("How late").fill("60");
      await click(page, "Set");
      await page.getByText("60 s").waitFor();
    });
  });
});

/** Takes the picture of docs/demo.md again, or sees that there is one. */
async function keepPicture(page: Page, name: string): Promise<void> {
  if (!PICTURES.includes(name)) return;
  const path = join(root, `docs/demo/${name}.png`);
  if (process.env["UPDATE_SCREENSHOTS"] === "1") {
    const isDark = name === "late-kv";
    await page.emulateMedia({ colorScheme: isDark ? "dark" : "light" });
    // From what it is about: the slider is above the page, the bytes are below.
    const place = { "late-kv": "body", cookie: ".bytes" }[name] ?? "main";
    const box = await page.locator(place).boundingBox();
    const y = Math.max(0, (box?.y ?? 0) - 8);
    const clip = { x: 0, y, width: 680, height: 480 };
    await page.screenshot({ path, clip, fullPage: true });
    await page.emulateMedia({ colorScheme: "light" });
  }
  assert.ok(existsSync(path), path);
}

/** Presses Tab until something has the focus, and checks that it shows. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let tries = 0; tries < 40; tries++) {
    await page.keyboard.press("Tab");
    const [now, style] = await focus(page);
    assert.equal(style, "solid", now);
    if (now === name) return;
  }
  assert.fail(`Tab does not lead to ${name}`);
}

/** The name of what has the focus, and the style of its outline. */
async function focus(page: Page): Promise<[name: string, style: string]> {
  return await page.evaluate(() => {
    // deno-lint-ignore no-explicit-any
    const { document, getComputedStyle } = globalThis as any;
    const element = document.activeElement;
    const name = element.getAttribute("aria-label") ??
      element.labels?.[0]?.textContent ?? element.textContent;
    return [name.trim(), getComputedStyle(element).outlineStyle];
  });
}

/** Runs in the browser. */
function structureOf(): {
  nameless: string[];
  levels: number[];
  doubled: string[];
} {
  // deno-lint-ignore no-explicit-any
  const { document } = globalThis as any;
  const used = [
    ...document.querySelectorAll("a, button, input:not([type=hidden])"),
  ];
  const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
  const headings = [...document.querySelectorAll("h1, h2, h3")];
  return {
    nameless: used.filter((each) =>
      !(each.getAttribute("aria-label") ?? each.labels?.[0]?.textContent ??
        each.textContent).trim()
    ).map((each) => each.outerHTML),
    levels: headings.map(({ tagName }) => Number(tagName[1])),
    doubled: ids.filter((id, place) => ids.indexOf(id) !== place),
  };
}
