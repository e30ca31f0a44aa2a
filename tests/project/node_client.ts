import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import type { Readable } from "node:stream";

/** A request that is on its way. */
export interface Exchange {
  reply: Promise<Reply>;
  /** Goes away, as a closed tab does. */
  leave(): void;
}

/** What came back; the body is still to come. */
export interface Reply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Readable;
}

/** What is sent. */
export interface Asked {
  method?: string;
  headers?: Record<string, string | string[]>;
  body?: string;
}

/** Speaks one protocol with a server. */
export interface Client {
  ask(path: string, asked?: Asked): Exchange;
  close(): void;
}

/** A client of HTTP/1.1. */
export function http1Client(port: number): Client {
  const agent = new http.Agent({ keepAlive: true });
  return {
    ask(path, { body, ...asked } = {}) {
      const address = { host: "127.0.0.1", port, path, agent };
      const request = http.request({ ...address, ...asked });
      const reply = once(request, "response").then(([response]) => ({
        status: response.statusCode,
        headers: response.headers,
        body: response,
      }));
      request.end(body);
      return { reply: handled(reply, request), leave: () => request.destroy() };
    },
    close: () => agent.destroy(),
  };
}

/** A client of HTTP/2 that trusts every certificate. */
export function http2Client(port: number): Client {
  const origin = `https://127.0.0.1:${port}`;
  const session = http2.connect(origin, { rejectUnauthorized: false });
  session.on("error", () => {});
  return {
    ask(path, { method = "GET", headers, body } = {}) {
      const stream = session.request({
        ":method": method,
        ":path": path,
        ...headers,
      });
      const reply = once(stream, "response").then(([received]) => ({
        status: received[":status"],
        headers: received,
        body: stream,
      }));
      stream.end(body);
      const leave = () => stream.close(http2.constants.NGHTTP2_CANCEL);
      return { reply: handled(reply, stream), leave };
    },
    close: () => session.destroy(),
  };
}

/** Nobody may be waiting for it when it fails. */
function handled<Value>(
  promise: Promise<Value>,
  source: NodeJS.EventEmitter,
): Promise<Value> {
  source.on("error", () => {});
  promise.catch(() => {});
  return promise;
}
