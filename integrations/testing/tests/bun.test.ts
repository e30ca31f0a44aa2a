import { expect, test } from "bun:test";
import { generateSecret } from "with-session";
import { Browser, createClock, signedIn } from "with-session/testing";
import { createShop } from "../src/shop.ts";

test("a visitor signs in, and goes on to the account", async () => {
  const browser = new Browser(createShop({ secret: generateSecret() }));
  const body = new URLSearchParams({ name: "ada" });
  const page = await browser.post("/sign-in", { body });
  expect(browser.url).toBe("https://example.com/account");
  expect(await page.text()).toMatch(/Account of ada/);
});

test("a session ends after a day without a visit", async () => {
  const clock = createClock();
  const options = { secret: generateSecret(), now: clock.now };
  const { cookies } = await signedIn("ada", { cart: ["tea"] }, options);
  const browser = new Browser(createShop(options), { cookies, now: clock.now });
  expect(await (await browser.get("/")).text()).toMatch(/Cart: tea/);
  clock.advance(24 * 3600 * 1000);
  expect(await (await browser.get("/")).text()).toMatch(/Cart: empty/);
});
