import process from "node:process";
import { defineConfig } from "@playwright/test";
import { generateSecret } from "with-session";
import { origin } from "./src/test_options.ts";

// For the server and all workers.
process.env["SESSION_SECRET"] ??= generateSecret();
const executablePath = process.env["CHROMIUM"];

export default defineConfig({
  testDir: "tests",
  testMatch: "playwright.spec.ts",
  reporter: "list",
  timeout: 120_000,
  use: {
    baseURL: origin,
    launchOptions: {
      args: ["--no-sandbox"],
      // A browser of the system in the place of Playwright's own.
      ...executablePath && { executablePath },
    },
  },
  webServer: { command: "node src/server.ts", url: origin },
});
