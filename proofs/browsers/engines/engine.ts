// What the suite needs of a browser: a jar of its own, tabs, an address bar,
// and scripts in a page. Everything else is made of these, so that it is the
// same in all engines.

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";

export const ENGINES = ["chromium", "firefox", "webkit"] as const;
export type EngineName = (typeof ENGINES)[number];

/** A browser that runs. */
export interface Engine {
  readonly name: EngineName;
  readonly version: string;
  /** A jar that nobody else uses. */
  openJar(options?: JarOptions): Promise<Jar>;
  close(): Promise<void>;
}

export interface JarOptions {
  /** `false`: a page that is left is not kept as it is in memory. */
  readonly keepsPages?: boolean;
}

export interface Jar {
  openTab(): Promise<Tab>;
  close(): Promise<void>;
}

export interface Tab {
  /** Goes to an address, as by the address bar, and waits for the page. */
  goTo(address: string): Promise<void>;
  /**
   * Runs a script in the page: the body of an async function. What it returns
   * has to be JSON.
   */
  run(script: string): Promise<unknown>;
  /** What the browser has stored for the page. */
  cookies(): Promise<StoredCookie[]>;
}

/** A cookie as the browser keeps it. */
export interface StoredCookie {
  readonly name: string;
  readonly domain: string;
  readonly path: string;
  readonly isHttpOnly: boolean;
  readonly isSecure: boolean;
  readonly sameSite: string;
  /** In seconds since 1970; `undefined` if it ends with the browser. */
  readonly expires: number | undefined;
}

/** What an engine is started from. */
export interface Programs {
  /** The Debian packages that bring them. */
  readonly packages: readonly string[];
  /** Each with its usual places. */
  readonly places: Readonly<Record<string, readonly (string | undefined)[]>>;
}

/** Where each program is, or which packages are missing. */
export function find(
  { packages, places }: Programs,
): { paths: Record<string, string>; missing: string } {
  const paths: Record<string, string> = {};
  const lost: string[] = [];
  for (const [name, tried] of Object.entries(places)) {
    const path = tried.find((each) => each && existsSync(each));
    if (path) paths[name] = path;
    else lost.push(name);
  }
  const missing = lost.length
    ? `${lost.join(", ")} not found: apt-get install ${packages.join(" ")}`
    : "";
  return { paths, missing };
}

/** Ends a process, by force if it takes longer than it should. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 3_000);
  await ended;
  clearTimeout(timer);
}

/** The first match of what a process prints. */
export function printed(
  child: ChildProcess,
  stream: NodeJS.ReadableStream,
  pattern: RegExp,
): Promise<string> {
  let text = "";
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      clearTimeout(timer);
      reject(new Error(`${child.spawnfile} ${why}: ${text.slice(-2_000)}`));
    };
    const timer = setTimeout(() => fail("does not begin"), 60_000);
    child.on("error", ({ message }) => fail(message));
    child.on("exit", () => fail("has ended"));
    stream.on("data", (chunk) => {
      text += chunk;
      const [, found] = pattern.exec(text) ?? [];
      if (found === undefined) return;
      clearTimeout(timer);
      resolve(found);
    });
  });
}
