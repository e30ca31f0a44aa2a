import type { ServerResponse } from "node:http";
import type { Directives } from "../http/directives.ts";
import { finish } from "../http/response.ts";
import { isHttp2, OF_ANSWER } from "./head.ts";

// What a session says to the browser and to caches, on a response of Node.

/** The fields of a response, by their names. */
export type Fields = ReturnType<ServerResponse["getHeaders"]>;

/** The fields that `finish()` looks at or changes. */
const FIELDS =
  /^(vary|set-cookie|clear-site-data|(.+-)?cache-control|surrogate-.*|edge-control|x-accel-expires.*)$/;

/** What sessions that were kept have said on a response. */
const said: WeakMap<object, Directives[]> = new WeakMap();

/** Changes the headers of a response, once it may leave. */
export type Mark = () => void;

/**
 * Returns what adds to a response what a session has to say of it, see
 * `finish()`; without a promise if nothing is waited for.
 */
export function markOf(
  res: ServerResponse,
  directives: Directives | undefined,
): Mark | undefined | Promise<Mark> {
  if (!directives) return undefined;
  const before = fieldsOf(res);
  const status = Math.max(200, res.statusCode);
  const headers = new Headers(before);
  // Of a response, it takes the status and the fields, and copies no body.
  const response = { status, headers, body: null } as Response;
  const finished = finish(response, [directives]);
  const mark = ({ headers }: Response) => () => {
    const lines = headers.getSetCookie();
    const { isSignedIn, clearCache } = directives;
    const setCookie = directives.setCookie?.filter((line) =>
      lines.includes(line)
    );
    const one = { isSignedIn, clearCache, setCookie } as Directives;
    said.set(res, [...said.get(res) ?? [], one]);
    apply(res, before, headers);
  };
  return finished instanceof Promise ? finished.then(mark) : mark(finished);
}

/**
 * Says once more what sessions have said that were kept, and what one says that
 * was not, on what is answered in place of their response. All parts that it
 * needs are loaded by then.
 */
export function markAgain(
  res: ServerResponse,
  failed: Directives | undefined,
): void {
  const all = said.get(res) ?? [];
  said.delete(res);
  for (const directives of [...all, failed]) {
    const mark = markOf(res, directives);
    if (typeof mark === "function") mark();
  }
}

function fieldsOf(res: ServerResponse): [string, string][] {
  const fields: [string, string][] = [];
  for (const name of res.getHeaderNames()) {
    if (!FIELDS.test(name)) continue;
    for (const value of [res.getHeader(name)].flat()) {
      fields.push([name, `${value}`]);
    }
  }
  return fields;
}

function apply(
  res: ServerResponse,
  before: readonly (readonly [string, string])[],
  headers: Headers,
): void {
  for (const [name] of before) {
    if (!headers.has(name)) res.removeHeader(name);
  }
  for (const [name, value] of headers) {
    if (name !== "set-cookie") res.setHeader(name, value);
  }
  const lines = headers.getSetCookie();
  if (lines.length) res.setHeader("set-cookie", lines);
}

/**
 * Answers in place of others, whose fields of another body go.
 *
 * @throws {Error} If another response has begun.
 */
export function beginText(res: ServerResponse, status: number): void {
  for (const name of res.getHeaderNames()) {
    if (OF_ANSWER.test(name)) res.removeHeader(name);
  }
  res.setHeader("content-type", "text/plain;charset=UTF-8");
  res.statusCode = status;
}

/** What the fields of a response are by now. */
export function noteFields(res: ServerResponse): Fields {
  const fields = res.getHeaders();
  // Others may add to the same list.
  const cookies = fields["set-cookie"];
  if (cookies) fields["set-cookie"] = [cookies].flat();
  return fields;
}

/** Takes back what a dropped response has said of itself. */
export function dropHead(res: ServerResponse, before: Fields): void {
  // Who answers says another status, or means an error.
  res.statusCode = 500;
  if (!isHttp2(res)) res.statusMessage = "";
  for (const name of res.getHeaderNames()) {
    if (name === "vary" || !OF_ANSWER.test(name) && !FIELDS.test(name)) {
      continue;
    }
    res.removeHeader(name);
    if (name in before) res.setHeader(name, before[name] as string);
  }
}
