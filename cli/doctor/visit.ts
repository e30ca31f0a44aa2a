import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { Buffer } from "node:buffer";
import { errorText } from "../common/error_text.ts";
import { FailedError } from "../common/problems.ts";

/** A request and what came back. */
export interface Exchange {
  readonly url: URL;
  readonly status: number;
  /** The fields of the response as they came, names in small letters. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** The beginning of the body. */
  readonly body: string;
  /** The `Cookie` field that was sent; `""` without one. */
  readonly sent: string;
  /** In ms since 1970. */
  readonly began: number;
  readonly ended: number;
}

/** How addresses are fetched. */
export interface Fetching {
  readonly method: string;
  /** Fields that are sent besides, such as `authorization`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** Takes a certificate that nobody vouches for. */
  readonly isInsecure: boolean;
  /** In ms. */
  readonly timeout: number;
  now(): number;
}

/** How much of a body is kept to compare it. */
const MOST = 1_000_000;

/**
 * Fetches an address as a browser would that goes there, without following a
 * redirect. Not by `fetch()`, which joins fields and hides some.
 *
 * @throws {FailedError} If nobody answers.
 */
export function visit(
  url: URL,
  fetching: Fetching,
  more: Readonly<Record<string, string>> = {},
): Promise<Exchange> {
  const { method, isInsecure, timeout, now } = fetching;
  const headers: Record<string, string> = {
    accept: "text/html,application/xhtml+xml,*/*;q=0.8",
    "user-agent": "with-session doctor",
    "sec-fetch-dest": "document",
    "sec-fetch-mode": "navigate",
    "sec-fetch-site": "none",
    ...fetching.headers,
    ...more,
  };
  // Another visitor has none.
  if (!headers["cookie"]) delete headers["cookie"];
  const { body } = fetching;
  if (body !== undefined) {
    headers["content-length"] = `${new TextEncoder().encode(body).length}`;
  }
  const request = url.protocol === "https:" ? requestHttps : requestHttp;
  const began = now();
  return new Promise((resolve, reject) => {
    const asked = request(url, {
      method,
      headers,
      // A connection for each visit: one that is kept may be closed meanwhile.
      agent: false,
      // A server with faults is what is looked for.
      insecureHTTPParser: true,
      maxHeaderSize: 262_144,
      ...isInsecure && { rejectUnauthorized: false },
    }, (response) => {
      take(response);
      let size = 0;
      response.on("data", (piece: Uint8Array) => {
        pieces.push(piece);
        size += piece.length;
        // The rest of a long one, or of one that never ends, tells no more.
        if (size >= MOST) finish();
      });
      response.once("end", finish);
      // The fields have come: a browser keeps the cookie of a body that is cut.
      response.once("error", finish);
    });
    // More than the 2000 that Node would keep, and leave out the rest.
    asked.maxHeadersCount = 0;
    const pieces: Uint8Array[] = [];
    let finish = () => fail(new Error(`no answer within ${timeout / 1000} s`));
    function take({ statusCode, rawHeaders }: IncomingMessage): void {
      const ended = now();
      finish = () => {
        end();
        resolve({
          url,
          status: statusCode ?? 0,
          fields: fieldsOf(rawHeaders),
          body: Buffer.concat(pieces).toString("utf8"),
          sent: headers["cookie"] ?? "",
          began,
          ended,
        });
      };
    }
    function fail(error: unknown): void {
      end();
      reject(new FailedError(explain(url, error)));
    }
    function end(): void {
      clearTimeout(timer);
      asked.destroy();
    }
    const timer = setTimeout(() => finish(), timeout);
    asked.on("error", fail);
    // Without somebody who listens, nothing would ever be told of it.
    asked.once("upgrade", (response, socket) => {
      socket.destroy();
      take(response);
      finish();
    });
    asked.end(body);
  });
}

/** The text of a field; several of one name are joined as HTTP does. */
export function fieldOf({ fields }: Exchange, name: string): string {
  return fields.filter(([each]) => each === name).map(([, value]) => value)
    .join(", ");
}

function fieldsOf(raw: readonly string[]): [string, string][] {
  const fields: [string, string][] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    fields.push([raw[i]!.toLowerCase(), raw[i + 1]!]);
  }
  return fields;
}

function explain({ protocol, host, port }: URL, error: unknown): string {
  const text = errorText(error);
  if (/CERT|SELF_SIGNED|self.signed|certificate|UnknownIssuer/i.test(text)) {
    return `Cannot trust the certificate of ${host} (${text}): ` +
      "--insecure looks all the same";
  }
  if (/EPERM|NotCapable|net access/.test(text)) {
    return `May not connect to ${host}: in Deno, --allow-net allows it`;
  }
  if (/ECONNREFUSED/.test(text)) {
    return `Nobody listens at ${host}: is the program running, and is the port right?`;
  }
  if (/HEADER_OVERFLOW/.test(text)) {
    return `${host} answers with more than 256 kB of header fields, which ` +
      "browsers refuse, too";
  }
  if (/ENOTFOUND|EAI_AGAIN/.test(text)) return `There is no host ${host}`;
  if (/EPROTO|wrong version|packet length|InvalidContentType/i.test(text)) {
    return `${host} does not speak https there: try http://`;
  }
  if (/ECONNRESET|socket hang up/.test(text) && protocol === "http:") {
    return `${host} has hung up${port ? "" : ": try https://"}`;
  }
  return `Cannot fetch from ${host}: ${text}`;
}
