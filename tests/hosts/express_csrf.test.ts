// A request of another site whose refusal cannot be said.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, describe, it } from "node:test";
import { sessions } from "../../express.ts";
import { setUp } from "../shared/support.ts";
import {
  type Act,
  answerError,
  type AppName,
  APPS,
  closeServers,
  listen,
} from "./_express.ts";

after(closeServers);

describe("a request of another site", () => {
  for (const app of Object.keys(APPS) as AppName[]) {
    it(`goes to the error handlers if another answer has begun: ${app}`, async () => {
      const errors: unknown[] = [];
      const { options } = setUp({ csrf: true });
      const first: Act = (req, res, next) => {
        if (req.method === "POST") res.end("gone");
        // As a program does by mistake; Polka goes no further itself.
        next();
      };
      const middleware = sessions(options) as unknown as Act;
      const watched: Act = (req, res, next) =>
        middleware(req, res, (error) => {
          if (!error) return next();
          errors.push(error);
        });
      let isReached = false;
      const url = await listen(APPS[app]([first, watched], (_req, res) => {
        isReached = true;
        res.end("page");
      }));
      const response = await fetch(url, {
        method: "POST",
        headers: { "sec-fetch-site": "cross-site" },
      });
      assert.equal(await response.text(), "gone");
      const codes = errors.map((error) => (error as { code: string }).code);
      const expected = app === "Polka" ? [] : ["ERR_HTTP_HEADERS_SENT"];
      assert.deepEqual(codes, expected);
      assert.equal(isReached, false);
      assert.equal(await (await fetch(url)).text(), "page");
    });
  }

  it("goes to them as well if a header cannot be set", async () => {
    const { options } = setUp({ csrf: true });
    const middleware = sessions(options);
    const url = await listen(createServer((req, res) => {
      const { setHeader } = res;
      res.setHeader = () => {
        throw new Error("broken");
      };
      middleware(req, res, (error) => {
        res.setHeader = setHeader;
        answerError(error, req, res, () => {});
      });
    }));
    const response = await fetch(url, {
      method: "POST",
      headers: { "sec-fetch-site": "cross-site" },
    });
    assert.equal(response.status, 500);
    assert.equal(await response.text(), "error: broken");
  });

  it("is refused by an answer of its own, beside what others say of all", async () => {
    const { options } = setUp({ csrf: true });
    const front: Act = (_req, res, next) => {
      res.setHeader("vary", ["Accept-Encoding", "Origin"]);
      res.setHeader("access-control-allow-origin", "https://a.example");
      res.setHeader("content-length", 999);
      res.setHeader("content-encoding", "gzip");
      res.setHeader("etag", '"page"');
      res.setHeader("last-modified", "Thu, 01 Jan 1999 00:00:00 GMT");
      res.setHeader("content-security-policy", "default-src 'self'");
      next();
    };
    const middleware = sessions(options) as unknown as Act;
    const url = await listen(
      APPS["Express 5"]([front, middleware], (_req, res) => res.end("page")),
    );
    const response = await fetch(url, {
      method: "POST",
      headers: { "sec-fetch-site": "cross-site" },
    });
    assert.equal(response.status, 403);
    assert.match(await response.text(), /^Forbidden: /);
    const { headers } = response;
    assert.equal(
      headers.get("vary"),
      "Accept-Encoding, Origin, Sec-Fetch-Site, Origin",
    );
    assert.equal(headers.get("etag"), null);
    assert.equal(headers.get("last-modified"), null);
    assert.equal(headers.get("content-security-policy"), "default-src 'self'");
    assert.equal(
      headers.get("access-control-allow-origin"),
      "https://a.example",
    );
  });
});
