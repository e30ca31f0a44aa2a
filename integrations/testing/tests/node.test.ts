import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { generateSecret } from "with-session";
import { MemoryStore } from "with-session/stores/memory";
import {
  Browser,
  createClock,
  createEventRecorder,
  createFaultyStore,
  signedIn,
} from "with-session/testing";
import { createShop } from "../src/shop.ts";

function setUp() {
  const clock = createClock();
  const recorder = createEventRecorder();
  const faulty = createFaultyStore(new MemoryStore({ now: clock.now }));
  const options = {
    secret: generateSecret(),
    store: faulty.store,
    now: clock.now,
    onEvent: recorder.onEvent,
  };
  const shop = createShop(options);
  const browser = new Browser(shop, { now: clock.now });
  return { clock, recorder, faulty, options, shop, browser };
}

let all: ReturnType<typeof setUp>;
beforeEach(() => {
  all = setUp();
});

test("a visitor signs in, and goes on to the account", async () => {
  const { browser } = all;
  await browser.get("/account");
  assert.equal(browser.url, "https://example.com/sign-in");
  const body = new URLSearchParams({ name: "ada" });
  const page = await browser.post("/sign-in", { body });
  assert.match(await page.text(), /Account of ada/);
});

test("what two tabs buy at once is in the cart", async () => {
  const { browser } = all;
  const buy = (item: string) => ({ body: new URLSearchParams({ item }) });
  await browser.post("/cart", buy("tea"));
  const tab = browser.newTab();
  await Promise.all([
    browser.post("/cart", buy("milk")),
    tab.post("/cart", buy("sugar")),
  ]);
  const cart = await (await browser.get("/")).text();
  assert.match(cart, /tea/);
  assert.match(cart, /milk/);
  assert.match(cart, /sugar/);
});

test("a session ends after a day without a visit", async () => {
  const { browser, clock, options, recorder, shop } = all;
  const { cookies, header } = await signedIn("ada", {}, options);
  const ada = new Browser(shop, { cookies, now: clock.now });
  clock.advance(24 * 3600 * 1000);
  await ada.get("/account");
  assert.match(ada.url, /sign-in/);
  // The browser has dropped the cookie. Whoever has kept a copy is no better off.
  await browser.get("/account", { headers: { cookie: header } });
  assert.match(browser.url, /sign-in/);
  assert.deepEqual(recorder.take(), ["expired", "expired"]);
});

test("a form of another site is refused", async () => {
  const { options, recorder, shop } = all;
  const { cookies } = await signedIn("ada", {}, options);
  const browser = new Browser(shop, { cookies });
  const forged = await browser.post("/sign-out", {
    from: "https://evil.example",
  });
  assert.equal(forged.status, 403);
  assert.equal(recorder.of("forbidden").length, 1);
});

test("a visitor stays signed in while the store is down", async () => {
  const { faulty, options, shop } = all;
  const { cookies } = await signedIn("ada", {}, options);
  const browser = new Browser(shop, { cookies });
  faulty.on("get", "all", "throws");
  await assert.rejects(() => browser.get("/account"), { code: "store-failed" });
  faulty.heal();
  const page = await browser.get("/account");
  assert.match(await page.text(), /Account of ada/);
});
