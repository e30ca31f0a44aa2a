import type { ServerResponse } from "node:http";
import type { Directives } from "../http/directives.ts";
import type { Head } from "../http/headers.ts";
import { makePrivate } from "../http/response.ts";
import { setCookiePart } from "../on_demand.ts";
import { isHttp2, OF_ANSWER } from "./head.ts";

// What a session says to the browser and to caches, on a response of Node.

/** The fields of a response, by their names. */
export type Fields = ReturnType<ServerResponse["getHeaders"]>;

/** The fields that a session looks at or changes. */
const FIELDS =
  /^(vary|set-cookie|clear-site-data|(.+-)?cache-control|surrogate-.*|edge-control|x-accel-expires.*)$/;

/** What sessions that were kept have said on a response. */
const said: WeakMap<object, Directives[]> = new WeakMap();

/** Changes the headers of a response, once it may leave. */
export type Mark = () => void;

/**
 * Returns what adds to a response what a session has to say of it, as `finish()`
 * does; without a promise if nothing is waited for.
 *
 * @throws {SessionError} `gone` if the browser has another session by now.
 */
export function markOf(
  res: ServerResponse,
  directives: Directives | undefined,
): Mark | undefined | Promise<Mark> {
  if (!directives) return undefined;
  const mark = (put: (head: Head) => void): Mark => () => {
    put({
      status: Math.max(200, res.statusCode),
      headers: new FieldsOf(res),
    });
    const lines = [res.getHeader("set-cookie") ?? []].flat();
    const { isSignedIn, clearCache } = directives;
    const setCookie = directives.setCookie?.filter((line) =>
      lines.includes(line)
    );
    const one = { isSignedIn, clearCache, setCookie } as Directives;
    said.set(res, [...said.get(res) ?? [], one]);
  };
  if (!directives.setCookie) {
    return mark((head) => makePrivate(head, !!directives.isSignedIn));
  }
  const part = setCookiePart();
  return part instanceof Promise
    ? part.then(({ cookiesOf }) => mark(cookiesOf([directives])))
    : mark(part.cookiesOf([directives]));
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

/** The fields of a response of Node, as `Headers` has them. */
class FieldsOf {
  readonly #res: ServerResponse;

  constructor(res: ServerResponse) {
    this.#res = res;
  }

  keys(): string[] {
    return this.#res.getHeaderNames();
  }

  get(name: string): string | null {
    const value = this.#res.getHeader(name);
    return value === undefined ? null : [value].flat().join(", ");
  }

  getSetCookie(): string[] {
    return [this.#res.getHeader("set-cookie") ?? []].flat().map(String);
  }

  set(name: string, value: string): void {
    this.#res.setHeader(name, value);
  }

  append(name: string, value: string): void {
    const old = this.get(name);
    if (name === "set-cookie") {
      this.#res.setHeader(name, [...this.getSetCookie(), value]);
    } else this.set(name, old === null ? value : `${old}, ${value}`);
  }

  delete(name: string): void {
    this.#res.removeHeader(name);
  }
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
