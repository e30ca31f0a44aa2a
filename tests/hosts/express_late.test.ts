// The headers have left before the middleware has its turn.

import assert from "node:assert/strict";
import { after, it } from "node:test";
import type { Session, SessionError } from "../../mod.ts";
import { typesOf } from "../shared/support.ts";
import {
  type Act,
  type AppName,
  APPS,
  closeServers,
  cookieOf,
  kinds,
  start,
} from "./_express.ts";

after(closeServers);

const codeOf = (act: () => unknown) => {
  try {
    act();
    return "done";
  } catch (error) {
    return (error as SessionError).code;
  }
};

for (const app of Object.keys(APPS) as AppName[]) {
  for (const [kind, more] of Object.entries(kinds)) {
    for (const lazy of [false, true]) {
      it(`a session is too late after the headers: ${app}, ${kind}, ${lazy ? "lazy" : "opened"}`, async () => {
        const front: Act = (req, res, next) => {
          if (req.method === "POST") res.flushHeaders();
          next();
        };
        const { get, events } = await start(
          app,
          async (req, res) => {
            const given = req.session as unknown;
            const session = typeof given === "function"
              ? await given() as Session
              : given as Session;
            if (req.method === "GET") {
              const { userId, isNew } = session;
              if (isNew) session.login("ada");
              return void res.end(`${userId}`);
            }
            res.end([
              codeOf(() => session.userId),
              codeOf(() => session.set("n", 1)),
              codeOf(() => session.destroy()),
            ].join());
          },
          { ...more(), lazy } as object,
          { before: [front] },
        );
        const cookie = `${cookieOf(await get())}`;
        typesOf(events);
        const response = await get(cookie, { method: "POST" });
        assert.equal(await response.text(), "late-read,late-write,late-write");
        assert.ok(!typesOf(events).includes("destroyed"));
        assert.equal(await (await get(cookie)).text(), "ada");
      });
    }
  }
}
