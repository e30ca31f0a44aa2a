import { strict as assert } from "node:assert";
import { generateSecret } from "with-session";
import { Browser, createClock, signedIn } from "with-session/testing";
import { createShop } from "../src/shop.ts";

Deno.test("a visitor signs in, and goes on to the account", async () => {
  const browser = new Browser(createShop({ secret: generateSecret() }));
  const body = new URLSearchParams({ name: "ada" });
  const page = await browser.post("/sign-in", { body });
  assert.equal(browser.url, "https://example.com/account");
  assert.match(await page.text(), /Account of ada/);
});

Deno.test("a session ends after a day without a visit", async () => {
  const clock = createClock();
  const options = { secret: generateSecret(), now: clock.now };
  const { cookies } = await signedIn("ada", { cart: ["tea"] }, options);
  const browser = new Browser(createShop(options), { cookies, now: clock.now });
  assert.match(await (await browser.get("/")).text(), /Cart: tea/);
  clock.advance(24 * 3600 * 1000);
  assert.match(await (await browser.get("/")).text(), /Cart: empty/);
});
