import assert from "node:assert/strict";
import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { describe, it } from "node:test";
import { runInNewContext } from "node:vm";
import {
  checkChunk,
  checkHead,
  hasLeft,
  headersSent,
  OF_ANSWER,
  setHead,
  statusOf,
  tellBack,
} from "../../src/node/head.ts";

// What stands in for Node's own methods refuses and says what they would: over
// HTTP, express_bare.test.ts compares both.

function bare(): ServerResponse {
  return new ServerResponse(new IncomingMessage(new Socket()));
}

/** What is looked at of a response of HTTP/2, and of no text beside its status. */
function http2(rest: object = {}): ServerResponse {
  return {
    statusCode: 204,
    stream: { destroyed: false },
    get statusMessage() {
      throw new Error("Node warns of each look");
    },
    ...rest,
  } as unknown as ServerResponse;
}

describe("the fields of one answer", () => {
  const names = {
    go:
      "content-type content-length content-disposition etag last-modified transfer-encoding accept-ranges trailer expires location refresh link x-sendfile x-accel-redirect age pragma digest repr-digest hx-redirect",
    stay:
      "content-security-policy x-content-type-options x-etag etags my-location locations set-cookie x-request-id not-x-accel-redirect digests my-digest page x-pragma x-hx-request",
  };
  for (const name of names.go.split(" ")) {
    it(`go with it: ${name}`, () => assert.match(name, OF_ANSWER));
  }
  for (const name of names.stay.split(" ")) {
    it(`stay: ${name}`, () => assert.doesNotMatch(name, OF_ANSWER));
  }
});

describe("whether the client has left", () => {
  it("is told by the response, by the connection and by a stream of HTTP/2", () => {
    assert.equal(hasLeft(bare()), false);
    assert.equal(hasLeft({ destroyed: true } as ServerResponse), true);
    assert.equal(hasLeft({ destroyed: false } as ServerResponse), false);
    const req = { socket: { destroyed: true } };
    assert.equal(hasLeft({ req } as unknown as ServerResponse), true);
    assert.equal(hasLeft({ req: {} } as ServerResponse), false);
    assert.equal(hasLeft(http2()), false);
    assert.equal(hasLeft(http2({ stream: { destroyed: true } })), true);
    // The stream decides, whatever the response says.
    assert.equal(hasLeft(http2({ destroyed: true })), false);
  });
});

describe("the status that a held response shows", () => {
  it("is what Node writes", () => {
    const res = bare();
    const shown = { statusCode: 200, statusMessage: "OK" };
    assert.deepEqual(statusOf(res), shown);
    res.statusMessage = "Fine";
    assert.deepEqual(statusOf(res), { ...shown, statusMessage: "Fine" });
    const unknown = { statusCode: 799, statusMessage: "" } as ServerResponse;
    assert.deepEqual(statusOf(unknown), {
      statusCode: 799,
      statusMessage: "unknown",
    });
  });

  it("has no text on HTTP/2", () => {
    assert.deepEqual(statusOf(http2()), { statusCode: 204 });
  });
});

describe("a write that nobody sees", () => {
  it("tells its callback why, after the call", async () => {
    const why = new Error("gone");
    const told: unknown[] = [];
    const hear = (error: unknown) => void told.push(error);
    tellBack(["text", "utf8", hear], why);
    assert.equal(told.length, 0);
    await undefined;
    assert.deepEqual(told, [why]);
    tellBack([], why);
    tellBack([hear, "text"], why);
    await undefined;
    assert.deepEqual(told, [why]);
  });
});

describe("a head", () => {
  const badStatus = { code: "ERR_HTTP_INVALID_STATUS_CODE" };

  it("has a status of three digits", () => {
    for (const status of [100, 200, 999, "201"]) {
      checkHead(bare(), "writeHead", [status]);
    }
    for (const status of [99, 1000, 0, NaN, "x", undefined]) {
      assert.throws(() => checkHead(bare(), "writeHead", [status]), {
        name: "RangeError",
        message: `Invalid status code: ${Number(status)}`,
        ...badStatus,
      });
    }
    const res = bare();
    res.statusCode = 1000;
    assert.throws(() => checkHead(res, "end", []), badStatus);
    // What is written is no status.
    checkHead(bare(), "end", [7]);
  });

  it("has a text of one line beside it", () => {
    const bad = "Fine\nSet-Cookie: a=b";
    const named = { message: /statusMessage/ };
    checkHead(bare(), "writeHead", [200, "Fine"]);
    checkHead(bare(), "writeHead", [200, { bad }]);
    checkHead(bare(), "writeHead", [200, ["x-name", bad]]);
    checkHead(bare(), "write", ["text", bad]);
    assert.throws(() => checkHead(bare(), "writeHead", [200, bad]), named);
    const res = { statusCode: 200, statusMessage: bad } as ServerResponse;
    assert.throws(() => checkHead(res, "end", []), named);
    checkHead(res, "writeHead", [200, "Fine"]);
    checkHead(http2(), "writeHead", [200, bad]);
  });

  it("is set as status, text and fields", () => {
    for (
      const fields of [
        { "x-one": "1", "": "nameless", "x-two": ["2", "3"] },
        ["x-one", "1", "", "nameless", "x-two", "2", "x-two", "3"],
        [["x-one", "1"], ["x-two", "2"], ["x-two", "3"]],
      ]
    ) {
      for (const text of [[], ["Fine"]]) {
        const res = bare();
        res.setHeader("x-two", "before");
        res.setHeader("x-rest", "stays");
        setHead(res, [201, ...text, fields]);
        assert.equal(res.statusCode, 201);
        assert.equal(res.statusMessage || undefined, text[0]);
        assert.equal(res.getHeader("x-one"), "1");
        assert.deepEqual(res.getHeader("x-two"), ["2", "3"]);
        assert.equal(res.getHeader("x-rest"), "stays");
      }
    }
    const res = bare();
    setHead(res, [404]);
    assert.equal(res.statusCode, 404);
    assert.deepEqual(res.getHeaderNames(), []);
  });

  it("has left, and says so as Node does", () => {
    const error = headersSent("set");
    assert.equal(
      error.message,
      "Cannot set headers after they are sent to the client",
    );
    assert.deepEqual({ ...error }, { code: "ERR_HTTP_HEADERS_SENT" });
  });
});

describe("a chunk", () => {
  const wrongKind = {
    name: "TypeError",
    code: "ERR_INVALID_ARG_TYPE",
    message: "A chunk must be a string or a Uint8Array",
  };

  it("is a text or bytes", () => {
    for (const chunk of ["", "text", new Uint8Array(1)]) {
      checkChunk("write", [chunk]);
      checkChunk("end", [chunk]);
    }
    const views = [new Uint16Array(1), new DataView(new ArrayBuffer(1))];
    // Bun's own response takes any of them.
    const refused = "Bun" in globalThis ? [] : [...views, new ArrayBuffer(1)];
    if ("Bun" in globalThis) {
      for (const view of views) checkChunk("end", [view]);
      checkChunk("write", [new ArrayBuffer(1)]);
    }
    for (const chunk of [7, {}, true, ...refused]) {
      assert.throws(() => checkChunk("write", [chunk]), wrongKind);
      assert.throws(() => checkChunk("end", [chunk]), wrongKind);
    }
    for (const none of [undefined, null, () => {}]) {
      checkChunk("end", [none]);
      assert.throws(() => checkChunk("write", [none]), wrongKind);
    }
    // They write nothing.
    checkChunk("writeHead", [200]);
    checkChunk("flushHeaders", [7]);
  });

  it("may be bytes of another realm, or those of a subclass", () => {
    class Named extends Uint8Array {
      override get [Symbol.toStringTag](): "Uint8Array" {
        return "Named" as "Uint8Array";
      }
    }
    const bytes = runInNewContext("new Uint8Array(1)");
    assert.equal(bytes instanceof Uint8Array, false);
    for (const chunk of [bytes, new Named(1)]) {
      checkChunk("write", [chunk]);
      checkChunk("end", [chunk]);
    }
  });

  it("has an encoding that there is", () => {
    for (const encoding of ["utf8", "latin1", "buffer", "", undefined]) {
      checkChunk("write", ["text", encoding]);
    }
    checkChunk("write", ["text", () => {}]);
    for (const encoding of ["utf-99", "buffers"]) {
      assert.throws(() => checkChunk("write", ["text", encoding]), {
        name: "TypeError",
        code: "ERR_UNKNOWN_ENCODING",
        message: `Unknown encoding: ${encoding}`,
      });
    }
  });
});
