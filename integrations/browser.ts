// What visitors see in Chromium, where the client of the framework runs, too.

import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import {
  type Browser,
  type BrowserContext,
  chromium,
  type Page,
} from "playwright-core";
import { optionsFor, programs } from "../proofs/browsers/engines/chromium.ts";
import { find } from "../proofs/browsers/engines/engine.ts";
import { LeftOut, type Parts } from "./visit.ts";

/** What the client of a framework does. */
export interface Client {
  /** It sends the forms itself: the document stays as signing in goes on. */
  readonly sendsForms: boolean;
  /**
   * On the way back it shows pages as they were, and asks nobody: after signing
   * out in another tab, a page is gone with the next question only.
   */
  readonly keepsPages?: boolean;
}

/** Parts for programs whose pages have a client. */
export function browserParts(
  { sendsForms, keepsPages = false }: Client,
): Parts {
  return {
    "in Chromium, a page counts, and scripts do not get its cookie": (base) =>
      inChromium(async (jar) => {
        const page = await jar.newPage();
        await page.goto(base);
        await shows(page, /Visit 1, not signed in/);
        await page.reload();
        await shows(page, /Visit 2, not signed in/);
        assert.equal(await page.evaluate("document.cookie"), "");
        const cookies = await jar.cookies();
        assert.deepEqual(cookies.map(({ httpOnly }) => httpOnly), [true]);
        // A page for users, by the client: it sends others back.
        await follow(page, "Account", /not signed in/);
        assert.equal(await everShows(page, /Account of/), false);
      }),

    "in Chromium, a form signs in, and its notice is shown once": (base) =>
      inChromium(async (jar) => {
        const page = await jar.newPage();
        await page.goto(base);
        await signIn(page, sendsForms);
        await shows(page, /Welcome, Ada/);
        await follow(page, "Account", /Account of Ada/);
        await page.click("nav >> text=Home");
        assert.equal(await everShows(page, /Welcome/), false);
        await shows(page, /signed in as Ada/);
        await page.reload();
        await shows(page, /signed in as Ada/);
        assert.doesNotMatch(await textOf(page), /Welcome/);
      }),

    "in Chromium, nothing private comes back after signing out": (base) =>
      inChromium(async (jar) => {
        const page = await jar.newPage();
        await page.goto(base);
        await signIn(page, sendsForms);
        await follow(page, "Account", /Account of Ada/);
        await follow(page, "Home", /signed in as Ada/);
        await signOut(page);
        // As many pages as there were.
        for (let step = 0; step < 3; step++) {
          await goBack(page);
          assert.equal(await everShows(page, /Ada/), false, page.url());
        }
      }),

    "in Chromium, signing out in a second tab ends the first": (base) =>
      inChromium(async (jar) => {
        const page = await jar.newPage();
        await page.goto(base);
        await signIn(page, sendsForms);
        await follow(page, "Account", /Account of Ada/);
        await follow(page, "Home", /signed in as Ada/);
        const other = await jar.newPage();
        await other.goto(base);
        await shows(other, /signed in as Ada/);
        await signOut(other);
        await goBack(page);
        assert.equal(await everShows(page, /Account of/), keepsPages);
        await page.reload();
        await shows(page, /not signed in/);
        await page.goto(new URL("/account", base).href);
        await shows(page, /not signed in/);
      }),
  };
}

let running: Promise<Browser> | undefined;

/** Ends what has run. */
export async function closeBrowser(): Promise<void> {
  await (await running)?.close();
}

/** Runs with a jar of cookies that nobody else uses. */
export async function inChromium(
  run: (jar: BrowserContext) => Promise<void>,
): Promise<void> {
  const { missing } = find(programs);
  if (missing) throw new LeftOut(missing);
  const browser = await (running ??= chromium.launch(optionsFor(true)));
  const jar = await browser.newContext();
  try {
    await run(jar);
  } finally {
    await jar.close();
  }
}

async function signIn(page: Page, sendsForms: boolean): Promise<void> {
  await mark(page);
  await page.fill("#sign-in input[name=name]", "Ada");
  await page.click("#sign-in button");
  await shows(page, /Visit \d+, signed in as Ada/);
  assert.equal(await isSame(page), sendsForms, "who sends the form");
}

/** Signs out by the form. */
export async function signOut(page: Page): Promise<void> {
  await mark(page);
  await page.click("#sign-out button");
  await shows(page, /not signed in/);
  await shows(page, /You have signed out/);
}

/** Follows a link of the menu, as the client does. */
export async function follow(
  page: Page,
  link: string,
  then: RegExp,
): Promise<void> {
  await mark(page);
  await page.click(`nav >> text=${link}`);
  await shows(page, then);
  assert.ok(await isSame(page), "the client follows no link");
}

/** Goes back, wherever that is: the client may go elsewhere at once. */
async function goBack(page: Page): Promise<void> {
  await page.evaluate("void setTimeout(() => history.back())");
}

/** Whether the page is still the document that was marked. */
async function isSame(page: Page): Promise<boolean> {
  return await page.evaluate("window.isSame === true");
}

/** Waits until a page shows a text. */
export async function shows(page: Page, text: RegExp): Promise<void> {
  await page.getByText(text).first().waitFor();
}

/** Whether a page shows a text at some time, as it changes. */
async function everShows(page: Page, text: RegExp): Promise<boolean> {
  const end = performance.now() + 500;
  while (performance.now() < end) {
    if (text.test(await textOf(page))) return true;
    await setTimeout(20);
  }
  return false;
}

/** What can be read on a page; nothing while it changes to another one. */
async function textOf(page: Page): Promise<string> {
  return await page.innerText("body").catch(() => "");
}

/** Waits until the client is there, without which pages work as well. */
async function mark(page: Page): Promise<void> {
  if (await isSame(page)) return;
  await page.waitForLoadState("networkidle");
  const idle = "requestIdleCallback(resolve, { timeout: 2000 })";
  await page.evaluate(`new Promise((resolve) => ${idle})`);
  await page.evaluate("window.isSame = true");
}
