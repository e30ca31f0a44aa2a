import { expect, test } from "@playwright/test";
import { signedIn } from "with-session/testing";
import { options, origin } from "../src/test_options.ts";

test("a visitor signs in", async ({ page }) => {
  await page.goto("/account");
  await page.getByRole("textbox").fill("ada");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading")).toHaveText("Account of ada");
});

test.describe("behind the login", () => {
  test.use({
    // Playwright reads the pattern: it may be empty, but not be left out.
    // deno-lint-ignore no-empty-pattern
    storageState: async ({}, use) => {
      await use(await signedIn("ada", { cart: ["tea"] }, options, origin));
    },
  });

  test("the cart is there", async ({ page }) => {
    await page.goto("/account");
    await expect(page.getByRole("heading")).toHaveText("Account of ada");
    await page.goto("/");
    await expect(page.getByText("Cart: tea")).toBeVisible();
    await page.getByRole("button", { name: "Buy tea" }).click();
    await expect(page.getByText("Cart: tea, tea")).toBeVisible();
  });
});
