// Who is heard once a response could not be kept: who answers, whatever stands on
// the way to Node, and nobody who was writing.

import assert from "node:assert/strict";
import {
  createServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { pipeline, Readable, Writable } from "node:stream";
import { after, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import compression from "compression";
import express5 from "express";
import { sessions } from "../../express.ts";
import { setUp } from "../shared/support.ts";
import {
  type Act,
  type AppName,
  APPS,
  closeServers,
  count,
  listen,
  slowStore,
  start,
} from "./_express.ts";

after(closeServers);

const store = slowStore({ ms: 20, isDown: true });
const compress = compression({ threshold: 0 }) as unknown as Act;
const signal = () => AbortSignal.timeout(5000);
/** More than one chunk, and than a network takes at once. */
const PAGE = 4_000_000;

/** Lets nothing through once it has ended, as `express-session` does. */
const endOnce: Act = (_req, res, next) => {
  const { end } = res;
  let isEnded = false;
  const endOf = (...args: never[]) => {
    if (isEnded) return false;
    isEnded = true;
    return (end as (...args: never[]) => unknown).apply(res, args);
  };
  Object.assign(res, { end: endOf });
  next();
};

/** Puts others in the place of those who listen, as what traces requests does. */
const wrapListeners: Act = (_req, res, next) => {
  type Listener = (...args: unknown[]) => unknown;
  const { on } = res;
  const onOf = (type: string, listener: Listener) =>
    on.call(res, type, (...args: unknown[]) => listener.apply(res, args));
  Object.assign(res, { on: onOf });
  next();
};

/** Answers an error by a stream that waits for the network. */
const answerMuch = (res: ServerResponse) => {
  res.statusCode = 503;
  Readable.from((function* () {
    for (let i = 0; i < PAGE / 10_000; i++) yield "e".repeat(10_000);
  })()).pipe(res);
};

/** An app of Express whose error handler is this one. */
async function serve(
  act: Act,
  answer?: (res: ServerResponse) => void,
  { before = [], behind = [] }: { before?: Act[]; behind?: Act[] } = {},
): Promise<string> {
  const app = express5();
  // Express's own page is not written to the log then.
  app.set("env", "test");
  const middleware = sessions(setUp({ store }).options) as unknown as Act;
  app.use([...before, middleware, ...behind] as never);
  app.all("/", act as never);
  if (answer) {
    app.use(
      ((_error: unknown, _req: unknown, res: never, _next: unknown) =>
        answer(res)) as never,
    );
  }
  return await listen(createServer(app));
}

describe("an answer in place of a response that could not be kept leaves", () => {
  for (const app of Object.keys(APPS) as AppName[]) {
    for (
      const [name, behind] of Object.entries({ compress, endOnce })
    ) {
      for (const why of ["store down", "cookie too large"]) {
        it(`past what has ended behind: ${name}, ${app}, ${why}`, async () => {
          const { get } = await start(
            app,
            (req, res) => {
              count(req);
              req.session.set("much", "x".repeat(6000));
              res.setHeader("content-type", "text/plain");
              res.end("saved ".repeat(1000));
            },
            why === "store down" ? { store } : {},
            { after: [behind] },
          );
          const response = await get("", { signal: signal() });
          assert.equal(response.status, 500);
          const code = why === "store down" ? "store-failed" : "oversize";
          assert.equal(await response.text(), `error: ${code}`);
          assert.equal(response.headers.get("content-encoding"), null);
        });
      }
    }
  }

  it("past it, also as Express's own page", async () => {
    const url = await serve(
      (req, res) => {
        count(req);
        res.setHeader("content-type", "text/plain");
        res.end("saved ".repeat(1000));
      },
      undefined,
      { behind: [compress] },
    );
    const response = await fetch(url, { signal: signal() });
    assert.equal(response.status, 500);
    assert.match(await response.text(), /SessionError/);
  });

  for (const where of ["before", "behind"] as const) {
    it(`as a stream, with compression ${where}, though the handler goes on`, async () => {
      const url = await serve(
        (req, res) => {
          count(req);
          res.setHeader("content-type", "text/plain");
          const timer = setInterval(() => res.write("more"), 5);
          res.on("close", () => clearInterval(timer));
        },
        (res) => {
          res.setHeader("content-type", "text/plain");
          answerMuch(res);
        },
        { [where]: [compress] },
      );
      const response = await fetch(url, { signal: signal() });
      assert.equal(response.status, 503);
      assert.match(await response.text(), new RegExp(`^e{${PAGE}}$`));
    });
  }
});

describe("who was writing to a response that could not be kept", () => {
  /** Writes, waits for `drain` and ends. */
  const pump = (res: ServerResponse, wait: "on" | "once") => {
    let n = 0;
    const go = () => {
      while (n++ < 300) {
        if (res.write("SECRET".repeat(2000))) continue;
        if (wait === "once") res.once("drain", go);
        return;
      }
      res.end();
    };
    if (wait === "on") res.on("drain", go);
    go();
  };

  for (const wait of ["on", "once"] as const) {
    for (const where of ["nowhere", "before", "behind"]) {
      it(`does not write into the answer, ${wait}("drain"), compression ${where}`, async () => {
        const url = await serve(
          (req, res) => {
            count(req);
            res.setHeader("content-type", "text/plain");
            pump(res, wait);
          },
          answerMuch,
          where === "nowhere" ? {} : { [where]: [compress] },
        );
        const response = await fetch(url, { signal: signal() });
        assert.equal(response.status, 503);
        assert.match(await response.text(), new RegExp(`^e{${PAGE}}$`));
      });
    }
  }

  it("does not, if it begins to wait once it was dropped", async () => {
    const asked = Promise.withResolvers<void>();
    const pumped = Promise.withResolvers<void>();
    const url = await serve(async (req, res) => {
      count(req);
      res.write("SECRET");
      await asked.promise;
      pump(res, "once");
      pumped.resolve();
    }, async (res) => {
      asked.resolve();
      await pumped.promise;
      answerMuch(res);
    });
    const response = await fetch(url, { signal: signal() });
    assert.match(await response.text(), new RegExp(`^e{${PAGE}}$`));
  });

  it("does not after the answer has ended, either", async () => {
    const done = Promise.withResolvers<unknown>();
    const url = await serve((req, res) => {
      count(req);
      res.write("SECRET");
    }, (res) => {
      res.on("finish", () => {
        done.resolve(res.write("more", (error) => done.resolve(error)));
      });
      res.end("sorry");
    });
    assert.equal(
      await (await fetch(url, { signal: signal() })).text(),
      "sorry",
    );
    assert.equal(await done.promise, false);
  });

  it("does not, nor hold up the answer, as it reads the request", async () => {
    const url = await serve((req, res) => {
      count(req);
      const source = req as IncomingMessage;
      source.on("data", (chunk) => {
        if (res.write(chunk)) return;
        source.pause();
        res.once("drain", () => source.resume());
      });
      source.on("end", () => res.end("end"));
    });
    // Express's own page waits for the end of the request.
    const body = new ReadableStream({
      async start(controller) {
        for (let i = 0; i < 20; i++) {
          controller.enqueue(new TextEncoder().encode("SECRET".repeat(2000)));
        }
        await delay(100);
        controller.close();
      },
    });
    const init = { method: "POST", body, duplex: "half", signal: signal() };
    const response = await fetch(url, init as RequestInit);
    assert.equal(response.status, 500);
    const page = await response.text();
    assert.match(page, /SessionError/);
    assert.doesNotMatch(page, /SECRET/);
  });

  for (
    const [name, [isLate, write, code, before]] of Object.entries<
      [
        boolean,
        (source: Source, res: ServerResponse) => Promise<unknown>,
        string,
        Act?,
      ]
    >({
      "a generator in a pipeline": [
        false,
        generate,
        "ERR_STREAM_PREMATURE_CLOSE",
      ],
      "one that begins late": [true, generate, "ERR_STREAM_PREMATURE_CLOSE"],
      "one that begins late, whose listeners others wrap": [
        true,
        generate,
        "ERR_STREAM_PREMATURE_CLOSE",
        wrapListeners,
      ],
      "a stream of the Web": [
        false,
        (source, res) =>
          Object(ReadableStream).from(chunks(source))
            .pipeTo(Writable.toWeb(res)),
        "ABORT_ERR",
      ],
    })
  ) {
    it(`is let go of as if the client had left: ${name}`, async () => {
      const source: Source = {
        isFreed: false,
        begun: Promise.withResolvers<void>(),
        freed: Promise.withResolvers<void>(),
      };
      const asked = Promise.withResolvers<void>();
      const settled = Promise.withResolvers<unknown>();
      const url = await serve(async (req, res) => {
        count(req);
        if (isLate) {
          res.write("x");
          await asked.promise;
        }
        write(source, res).then(settled.resolve, settled.resolve);
      }, async (res) => {
        asked.resolve();
        await source.begun.promise;
        // It is written meanwhile.
        await delay(5);
        res.statusCode = 503;
        res.end("sorry");
      }, { before: before ? [before] : [] });
      const response = await fetch(url, { signal: signal() });
      assert.equal(await response.text(), "sorry");
      // A generator is at its end once it has yielded what it waits for.
      const late = delay(2000, "nothing", { ref: false });
      await Promise.race([source.freed.promise, late]);
      const error = await Promise.race([settled.promise, late]);
      assert.equal((error as { code?: string }).code, code);
      assert.equal(source.isFreed, true);
    });
  }
});

interface Source {
  isFreed: boolean;
  begun: PromiseWithResolvers<void>;
  freed: PromiseWithResolvers<void>;
}

async function* chunks(source: Source) {
  try {
    for (;;) {
      const chunk = await delay(1, new Uint8Array(1000));
      source.begun.resolve();
      yield chunk;
    }
  } finally {
    source.isFreed = true;
    source.freed.resolve();
  }
}

function generate(source: Source, res: ServerResponse): Promise<unknown> {
  return new Promise((resolve) => {
    pipeline(() => chunks(source), res, resolve);
  });
}
