import {
  type ForeignSession,
  type SessionHandler,
  type SessionReader,
  withSession,
} from "../../mod.ts";
import type { AnyData } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { LateStore } from "../shared/late_store.ts";
import { type Bench, type MoreOptions, setUp } from "../shared/support.ts";

/** The other library: its sessions by what is in its cookie `old`. */
export class OtherLibrary {
  readonly sessions: Map<string, Omit<ForeignSession, "key">> = new Map();
  /** How often it was asked. */
  reads = 0;
  /** Which of its sessions were ended. */
  readonly ended: string[] = [];
  isDown = false;
  /** Whether it reads, and cannot end. */
  isStuck = false;

  reader(more: Partial<SessionReader> = {}): SessionReader {
    return {
      name: "other",
      until: Infinity,
      keep: false,
      read: ({ valuesOf }) => {
        this.reads++;
        if (this.isDown) return Promise.reject(new Error("down"));
        for (const value of valuesOf("old")) {
          const found = this.sessions.get(value);
          if (!found) continue;
          const end = () => {
            if (this.isStuck) return Promise.reject(new Error("stuck"));
            this.ended.push(value);
            return Promise.resolve(this.sessions.delete(value));
          };
          return Promise.resolve({ id: value, end, ...found, key: value });
        }
        return Promise.resolve(undefined);
      },
      clear: ({ names }) =>
        names.includes("old") ? ["old=; Max-Age=0; Path=/"] : [],
      ...more,
    };
  }
}

export interface Site extends Bench {
  /** The cookie with ann's session, as a jar. */
  readonly old: () => Record<string, string>;
  readonly other: OtherLibrary;
  /** Sends a request, and puts cookies into a jar. */
  visit(
    jar: Record<string, string>,
    act?: SessionHandler<AnyData, []>,
    headers?: Record<string, string>,
  ): Promise<Response>;
}

let count = 0;

/** A site that has moved here, with ann's session of before. */
export function moved(
  more: MoreOptions = {},
  reader: Partial<SessionReader> = {},
): Site {
  const other = new OtherLibrary();
  // A process remembers which sessions have ended.
  const value = `a${++count}`;
  other.sessions.set(value, { user: "ann", data: { cart: [1, 2] } });
  const bench = setUp({ accept: [other.reader(reader)], ...more });
  return {
    ...bench,
    other,
    old: () => ({ old: value }),
    async visit(jar, act = show, headers = {}) {
      const handler = withSession(act, bench.options);
      const cookie = Object.entries(jar).map((pair) => pair.join("=")).join(
        "; ",
      );
      const request = new Request("https://example.com/", {
        headers: { ...headers, ...cookie && { cookie } },
      });
      const response = await handler(request);
      for (const line of response.headers.getSetCookie()) {
        const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        if (/Max-Age=0/.test(line)) delete jar[name];
        else jar[name] = value;
      }
      return response;
    },
  };
}

/** Tells who is logged in, and what is in the session. */
export const show: SessionHandler<AnyData, []> = (_request, session) =>
  Response.json([session.userId ?? null, session]);

/** Ends the session. */
export const end: SessionHandler<AnyData, []> = (_request, session) => {
  session.destroy();
  return new Response();
};

/** Where sessions of ours are kept. */
export const STORES = {
  "in cookies": (): MoreOptions => ({}),
  "in a strong store": (): MoreOptions => ({ store: new MemoryStore() }),
  "in a late store": (): MoreOptions => ({ store: new LateStore(90) }),
} as const;
