// Chromium, by playwright-core.

import process from "node:process";
import {
  type Browser,
  type BrowserContext,
  chromium,
  type LaunchOptions,
} from "playwright-core";
import { type Engine, find, type Jar, type Programs } from "./engine.ts";

export const programs: Programs = {
  packages: ["chromium"],
  places: {
    chromium: [
      process.env["CHROMIUM"],
      "/usr/bin/chromium",
      "/usr/bin/chromium-browser",
      "/usr/bin/google-chrome",
    ],
  },
};

export async function launch(): Promise<Engine> {
  // A page is kept in memory by the whole browser, or not.
  const started = new Map<boolean, Promise<Browser>>();
  const browserThat = (keepsPages: boolean) => {
    const browser = started.get(keepsPages) ??
      chromium.launch(optionsFor(keepsPages));
    started.set(keepsPages, browser);
    return browser;
  };
  const version = (await browserThat(true)).version();
  return {
    name: "chromium",
    version,
    async openJar({ keepsPages = true } = {}) {
      const browser = await browserThat(keepsPages);
      return jarOf(await browser.newContext({ ignoreHTTPSErrors: true }));
    },
    async close() {
      const browsers = await Promise.all(started.values());
      await Promise.all(browsers.map((browser) => browser.close()));
    },
  };
}

/** Chromium, with pages that are left kept in memory, or not. */
export function optionsFor(keepsPages: boolean): LaunchOptions {
  return {
    executablePath: find(programs).paths["chromium"] as string,
    timeout: 60_000,
    args: [
      // It refuses to run as root with one, as in a container.
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      // Service workers need a certificate that counts as good.
      "--ignore-certificate-errors",
      "--host-resolver-rules=MAP *.test 127.0.0.1",
    ],
    ...keepsPages && { ignoreDefaultArgs: ["--disable-back-forward-cache"] },
  };
}

function jarOf(context: BrowserContext): Jar {
  return {
    async openTab() {
      const page = await context.newPage();
      return {
        async goTo(address) {
          await page.goto(address, { timeout: 60_000 });
        },
        async run(script) {
          return await page.evaluate(`(async () => { ${script} })()`);
        },
        async cookies() {
          const stored = await context.cookies(page.url());
          return stored.map((each) => ({
            ...each,
            isHttpOnly: each.httpOnly,
            isSecure: each.secure,
            expires: each.expires < 0 ? undefined : each.expires,
          }));
        },
      };
    },
    close: () => context.close(),
  };
}
