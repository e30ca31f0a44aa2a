import type { ServerResponse } from "node:http";
import type { Directives } from "../http/directives.ts";
import type { Head } from "../http/headers.ts";
import { makePrivate } from "../http/response.ts";
import { setCookiePart } from "../on_demand.ts";
import { isHttp2, OF_ANSWER } from "./head.ts";

// What a session says to the browser and to caches, on a response of Node.

/** The fields of a response, by their names. */
export type Fields = ReturnType<ServerResponse["getHeaders"]>;

/** The fields that a session changes, but `vary`, which stays, and `x-accel-…`. */
const FIELDS =
  /^(set-cookie|clear-site-data|(.+-)?cache-control|surrogate-.*|edge-control)$/;

/** What is marked: a response, or what stands for one. */
export interface ResponseHead {
  readonly statusCode: number;
  getHeaderNames(): string[];
  getHeader(name: string): unknown;
  setHeader(name: string, value: string | string[]): unknown;
  removeHeader(name: string): unknown;
}

/** Who remembers what a session has said. */
export interface Notes {
  note(said: Directives): void;
}

/** What sessions that were kept have said on a response. */
const said: WeakMap<object, Directives[]> = new WeakMap();

/** Notes what a session has said that was kept. */
export function noteSaid(res: ServerResponse, directives: Directives): void {
  said.set(res, [...said.get(res) ?? [], directives]);
}

/** Looks again at what sessions have said, after a wait. */
export function lookAgain(res: ServerResponse): void {
  const all = said.get(res);
  if (all) said.set(res, all.map((each) => takeBack(res, each)));
}

/** Takes cookies back that may not go out any more: somebody has signed out, say. */
function takeBack<Said extends Directives | undefined>(
  head: ResponseHead,
  said: Said,
): Said {
  try {
    if (said?.maySend?.() ?? true) return said;
  } catch {
    // The browser has another session.
  }
  const lines = new MarkedFields(head).getSetCookie();
  const others = lines.filter((line) => !said?.setCookie?.includes(line));
  head.removeHeader("set-cookie");
  if (others.length) head.setHeader("set-cookie", others);
  // No cache may keep it all the same.
  const rest: object = { setCookie: [] };
  return rest as Said;
}

/** What sessions that were kept have said, which is forgotten. */
export function takeSaid(res: ServerResponse): readonly Directives[] {
  const all = said.get(res) ?? [];
  said.delete(res);
  return all;
}

/** Changes the headers of a response, once it may leave. */
export type Mark = () => void;

/**
 * Returns what adds to a response what a session has to say of it, as `finish()`
 * does; without a promise if nothing is waited for.
 *
 * @throws {SessionError} `gone` if the browser has another session by now.
 */
export function markOf(
  head: ResponseHead,
  directives: Directives | undefined,
  notes: Notes,
): Mark | undefined | Promise<Mark> {
  if (!directives) return undefined;
  const mark = (put: (head: Head) => void): Mark => () => {
    const headers = new MarkedFields(head);
    put({ status: head.statusCode, headers });
    notes.note(directives);
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
 * Says on what is answered in place of a response what sessions have said on
 * that; without a promise if all parts that it needs are loaded.
 */
export function markAgain(
  head: ResponseHead,
  all: readonly (Directives | undefined)[],
  notes: Notes,
): void | Promise<void> {
  const waited = [];
  for (const directives of all) {
    const mark = markOf(head, takeBack(head, directives), notes);
    if (mark instanceof Promise) waited.push(mark.then((mark) => mark()));
    else mark?.();
  }
  if (waited.length) return Promise.all(waited).then(() => undefined);
}

/** The fields of what is marked, as `Headers` has them. */
class MarkedFields {
  readonly #head: ResponseHead;

  constructor(head: ResponseHead) {
    this.#head = head;
  }

  keys(): string[] {
    return this.#head.getHeaderNames();
  }

  get(name: string): string | null {
    const value = this.#head.getHeader(name) ?? null;
    return value === null ? null : [value].flat().join(", ");
  }

  getSetCookie(): string[] {
    return [this.#head.getHeader("set-cookie") ?? []].flat().map(String);
  }

  set(name: string, value: string): void {
    this.#head.setHeader(name, value);
  }

  append(name: string, value: string): void {
    const old = this.get(name);
    if (name === "set-cookie") {
      this.#head.setHeader(name, [...this.getSetCookie(), value]);
    } else this.set(name, old === null ? value : `${old}, ${value}`);
  }

  delete(name: string): void {
    this.#head.removeHeader(name);
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
  if (!isHttp2(res)) {
    res.statusMessage = "";
    res.addTrailers({});
  }
  for (const name of res.getHeaderNames()) {
    if (!isOfDropped(name)) continue;
    res.removeHeader(name);
    if (name in before) res.setHeader(name, before[name] as string);
  }
}

function isOfDropped(name: string): boolean {
  const isOfConnection = /^(connection|upgrade)$/.test(name);
  return isOfConnection || OF_ANSWER.test(name) || FIELDS.test(name);
}

/**
 * Takes back what a dropped reply has said of itself and to caches, where others
 * answer with the same fields. Cookies that others have set stay.
 *
 * @param policy What hooks in front have said to caches: to note all that they
 * have set would cost each request, also where nobody uses the session.
 */
export function dropAnswer(head: ResponseHead, policy: unknown): void {
  for (const name of head.getHeaderNames()) {
    if (name === "set-cookie") continue;
    if (OF_ANSWER.test(name) || FIELDS.test(name)) head.removeHeader(name);
  }
  if (policy) head.setHeader("cache-control", policy as string);
}
