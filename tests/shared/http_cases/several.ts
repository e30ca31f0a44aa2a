import assert from "node:assert/strict";
import type { SessionError } from "../../../mod.ts";
import { browse, type HttpCase, type HttpHarness, visit } from "../harness.ts";
import {
  assertNoCookie,
  lineOf,
  markedSecret,
  NAVIGATION,
  requestWith,
  router,
  tokenOf,
  turn,
  typesOf,
} from "../support.ts";

const NAME = "__Secure-sid";
const cookie = { name: NAME };
const url = "https://example.com/";

const routes = router({
  in: (session) => session.login("ada"),
  out: (session) => session.destroy(),
  lost(session) {
    session.destroy();
    session.set("n", 1);
  },
  count: (session) => session.update("n", (n = 0) => n + 1),
  "": (session) => [session.userId ?? null, session.get("n") ?? null],
});

async function tokenFrom(
  harness: HttpHarness,
  options: Parameters<HttpHarness["wrap"]>[1],
  path = "in",
): Promise<string> {
  const handle = harness.wrap(routes, options);
  const token = tokenOf(await handle(new Request(url + path)));
  harness.events.splice(0);
  return token;
}

/** Several cookies of the name, and those that may be good elsewhere. */
export const severalCases: readonly HttpCase[] = [
  {
    name: "of several cookies, the only authentic one counts",
    async run(harness) {
      const good = await tokenFrom(harness, { cookie });
      const other = await tokenFrom(harness, {
        cookie,
        secret: markedSecret(),
      });
      const handle = harness.wrap(routes, { cookie });
      for (
        const bad of [
          "deleted",
          "A".repeat(200),
          "x".repeat(5_000),
          turn(good, -1, 1),
          turn(good, 5, 1),
          good.slice(0, -1),
          other,
        ]
      ) {
        for (const pair of [[bad, good], [good, bad]]) {
          const header = pair.map((value) => `${NAME}=${value}`).join("; ");
          const response = await handle(requestWith(header));
          assert.deepEqual(await response.json(), ["ada", null], bad);
          assertNoCookie(response);
          assert.deepEqual(typesOf(harness.events), ["duplicate", "opened"]);
        }
      }
    },
  },
  {
    name: "an empty cookie and quotes take nothing from a good one",
    async run(harness) {
      const good = await tokenFrom(harness, { cookie });
      const handle = harness.wrap(routes, { cookie });
      for (
        const header of [
          `${NAME}=; ${NAME}=${good}`,
          `${NAME}=${good}; ${NAME}=""`,
          `${NAME}="${good}"`,
          `a="b"; ${NAME}="${good}" ; c=d`,
          `${NAME}="${good}"; ${NAME}=${good}`,
        ]
      ) {
        const response = await handle(requestWith(header));
        assert.deepEqual(await response.json(), ["ada", null], header);
        assert.deepEqual(typesOf(harness.events), ["opened"]);
      }
    },
  },
  {
    name: "a hundred planted cookies cost a good one nothing, or the session",
    async run(harness) {
      const good = await tokenFrom(harness, { cookie });
      const handle = harness.wrap(routes, { cookie });
      const ask = async (planted: string[]) => {
        const all = [...planted, good].map((value) => `${NAME}=${value}`);
        return await (await handle(requestWith(all.join("; ")))).json();
      };
      const words = Array.from({ length: 100 }, (_, i) => `planted-${i}`);
      assert.deepEqual(await ask(words), ["ada", null]);
      // No more than 16 that look like tokens are opened.
      const tokens = Array.from(
        { length: 100 },
        (_, i) => turn(good, 29, i + 1),
      );
      assert.deepEqual(await ask(tokens), [null, null]);
    },
  },
  {
    name: "of two authentic cookies of one session, the newest counts",
    async run(harness) {
      const browser = browse(harness, routes, {
        cookie,
        // So that each write gets a cookie in a store, too.
        persistent: false,
      });
      await browser.get("/count");
      const older = browser.cookie(NAME);
      harness.clock.advance(1_000);
      await browser.get("/", NAVIGATION);
      const newer = browser.cookie(NAME);
      assert.notEqual(older, newer);
      const handle = harness.wrap(routes, { cookie });
      for (const pair of [[older, newer], [newer, older]]) {
        const header = pair.map((value) => `${NAME}=${value}`).join("; ");
        const response = await handle(requestWith(header));
        assert.deepEqual(await response.json(), [null, 1]);
      }
    },
  },
  {
    name: "of two authentic cookies of two sessions, none counts",
    async run(harness) {
      const one = await tokenFrom(harness, { cookie });
      harness.clock.advance(60);
      const two = await tokenFrom(harness, { cookie });
      const handle = harness.wrap(routes, { cookie });
      for (const pair of [[one, two], [two, one], [one, "x", two, "y"]]) {
        const header = pair.map((value) => `${NAME}=${value}`).join("; ");
        const response = await handle(requestWith(header, url, NAVIGATION));
        assert.deepEqual(await response.json(), [null, null]);
        assertNoCookie(response);
        assert.deepEqual(typesOf(harness.events), ["duplicate"]);
      }
    },
  },
  {
    name: "a sign-out with two cookies clears what it can",
    async run(harness) {
      const one = await tokenFrom(harness, { cookie });
      const two = await tokenFrom(harness, { cookie });
      const handle = harness.wrap(routes, { cookie });
      for (const other of [two, "garbage"]) {
        const header = `${NAME}=${one}; ${NAME}=${other}`;
        const response = await handle(requestWith(header, `${url}out`));
        assert.match(lineOf(response), /^__Secure-sid=; Max-Age=0; /);
      }
    },
  },
  {
    name: "two cookies that are not good are cleared like one",
    async run(harness) {
      const handle = harness.wrap(routes, { cookie });
      const header = `${NAME}=a; ${NAME}=b`;
      const response = await handle(requestWith(header, url, NAVIGATION));
      assert.match(lineOf(response), /^__Secure-sid=; Max-Age=0; /);
      const good = await tokenFrom(harness, { cookie });
      const spared = `${NAME}=a; ${NAME}=${turn(good, 1, 1)}; ${NAME}=b`;
      assertNoCookie(await handle(requestWith(spared, url, NAVIGATION)));
    },
  },
  {
    name: "a cookie of an unknown secret is not cleared, but by a sign-out",
    async run(harness) {
      const secret = markedSecret();
      const token = await tokenFrom(harness, { secret });
      const older = harness.wrap(routes);
      const header = `__Host-sid=${token}`;
      assertNoCookie(await older(requestWith(header, url, NAVIGATION)));
      const out = await older(requestWith(header, `${url}out`));
      assert.match(lineOf(out), /^__Host-sid=; Max-Age=0; /);
      const newer = harness.wrap(routes, { secret });
      const response = await newer(requestWith(header));
      assert.deepEqual(await response.json(), ["ada", null]);
    },
  },
  {
    name: "a cookie from a clock ahead is not cleared, but by a sign-out",
    async run(harness) {
      harness.clock.advance(300);
      const token = await tokenFrom(harness, {});
      harness.clock.advance(-300);
      const handle = harness.wrap(routes);
      const header = `__Host-sid=${token}`;
      assertNoCookie(await handle(requestWith(header, url, NAVIGATION)));
      assert.deepEqual(typesOf(harness.events), ["rejected"]);
      const out = await handle(requestWith(header, `${url}out`));
      assert.match(lineOf(out), /^__Host-sid=; Max-Age=0; /);
    },
  },
  {
    name: "on the machine itself nobody clears another program's cookie",
    async run(harness) {
      const origin = "http://localhost:3000/";
      const one = harness.wrap(routes, { secret: markedSecret() });
      const header = `sid-3000=${
        tokenOf(await one(new Request(`${origin}in`)))
      }`;
      const two = harness.wrap(routes);
      assertNoCookie(await two(requestWith(header, origin, NAVIGATION)));
      assertNoCookie(await two(requestWith(header, `${origin}out`)));
      const plain = harness.wrap(routes, { cookie: { secure: false } });
      const elsewhere = "http://192.168.0.20:3000/";
      const same = header.replace("-3000", "");
      assertNoCookie(await plain(requestWith(same, `${elsewhere}out`)));
      const errors = [
        two(requestWith(header, `${origin}lost`)),
        plain(requestWith(same, `${elsewhere}lost`)),
      ];
      for (const error of errors) {
        await assert.rejects(error, ({ code, setCookie }: SessionError) => {
          assert.deepEqual([code, setCookie], ["destroyed", undefined]);
          return true;
        });
      }
      harness.clock.advance(300);
      const future = tokenOf(await two(new Request(`${origin}in`)));
      harness.clock.advance(-300);
      const both = [header, `sid-3000=${future}`, "sid-3000=x"];
      for (const pairs of [both, both.toReversed()]) {
        assertNoCookie(
          await two(requestWith(pairs.join("; "), `${origin}out`)),
        );
      }
    },
  },
  {
    name: "programs on two ports of the machine do not meet",
    async run(harness) {
      const one = harness.wrap(routes);
      const two = harness.wrap(routes, { secret: markedSecret() });
      const browser = visit(
        harness,
        (request) =>
          new URL(request.url).port === "3000" ? one(request) : two(request),
        "http://localhost:3000",
      );
      const other = "http://localhost:4000";
      await browser.get("/in");
      await browser.get(`${other}/`, NAVIGATION);
      await browser.get(`${other}/count`);
      await browser.get(`${other}/out`);
      assert.deepEqual(await (await browser.get()).json(), ["ada", null]);
      await browser.get(`${other}/in`);
      await browser.get("/out");
      const response = await browser.get(`${other}/`);
      assert.deepEqual(await response.json(), ["ada", null]);
    },
  },
  {
    name: "behind a comma a cookie is found, unless a prefix guards its name",
    async run(harness) {
      const ask = async (handle: Handle, header: string, url: string) =>
        (await (await handle(requestWith(header, url))).json())[0];
      const handle = harness.wrap(routes);
      const origin = "http://localhost:3000/";
      const plain = tokenOf(await handle(new Request(`${origin}in`)));
      for (
        const header of [
          `a=1, sid-3000=${plain}`,
          `a=1; b=2, sid-3000=${plain}; c=3`,
          `sid-3000=${plain}, a=1`,
          `sid-3000=${plain},sid-3000=${plain}`,
          `__Host-sid-3000=x, sid-3000=${plain}`,
        ]
      ) assert.equal(await ask(handle, header, origin), "ada", header);

      const good = await tokenFrom(harness, {});
      assert.equal(await ask(handle, `__Host-sid=${good}, a=1`, url), "ada");
      harness.events.splice(0);
      // What a sibling host can set: a cookie whose value spells ours.
      assert.equal(await ask(handle, `a=1, __Host-sid=${good}`, url), null);
      const [event, ...more] = harness.events.splice(0);
      assert.ok(event?.type === "rejected" && event.reason === "joined");
      assert.deepEqual(more, []);
      const victim = await tokenFrom(harness, {}, "count");
      const both = `a=1, __Host-sid=${good}; __Host-sid=${victim}`;
      const response = await handle(requestWith(both, url));
      assert.deepEqual(await response.json(), [null, 1]);
      assertNoCookie(response);
    },
  },
];

type Handle = (request: Request) => Promise<Response>;
