import { type ChildProcess, spawn } from "node:child_process";
import {
  accessSync,
  chownSync,
  constants,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, isAbsolute, join } from "node:path";
import { env } from "node:process";
import { setTimeout as sleep } from "node:timers/promises";

/** A user of the machine, under whom a server runs. */
export interface Owner {
  readonly uid?: number;
  readonly gid?: number;
}

/** How to run a server. */
export interface ServerOptions extends Owner {
  readonly command: string;
  readonly args: readonly string[];
  /** Where it runs, removed by `stop()`. Default: a new temporary folder. */
  readonly cwd?: string;
  /** Rejects until the server answers. */
  readonly ready: () => Promise<void>;
  /** What ends it in good order. Default `SIGTERM`. */
  readonly stopSignal?: NodeJS.Signals;
  /** How long it may take to be ready, in ms. Default 30000. */
  readonly deadline?: number;
}

/** A server that runs for the tests of one file. */
export interface Server {
  /** That of the last start. */
  readonly process: ChildProcess;
  /** Its folder. */
  readonly cwd: string;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
  /** It takes connections but answers nothing (`SIGSTOP`). */
  pause(): void;
  /** It goes on (`SIGCONT`). */
  resume(): void;
  /** It dies as by a power cut (`SIGKILL`); its folder stays. */
  kill(): Promise<void>;
  /** Runs it again, with the same arguments and folder. */
  start(): Promise<void>;
}

/** Where tests find a server: a running one, or a program that can be run. */
export interface FoundServer {
  /** Of a running one. */
  readonly url?: string;
  /** The program's path. */
  readonly path?: string;
  /** For the options of `describe`: why its tests cannot run, or `false`. */
  readonly skip: string | false;
}

const LOG_KEPT = 4000;
const STOP_DEADLINE = 5000;

/**
 * Looks for a server: by the URL in an environment variable, or as a program
 * in `PATH`, in the usual folders and in `folders`.
 *
 * In a test file: `describe("...", { skip: findServer(...).skip }, ...)`.
 *
 * @throws {Error} If there is none and `CI` is `true`.
 */
export function findServer(
  binary: string,
  urlVariable: string,
  folders: readonly string[] = [],
): FoundServer {
  const url = env[urlVariable];
  if (url) return { url, skip: false };
  const path = find(binary, folders);
  if (path) return { path, skip: false };
  const skip = `no ${binary} on this machine, and ${urlVariable} is not set`;
  if (env["CI"] === "true") throw new Error(`Cannot run: ${skip}`);
  return { skip };
}

/** A TCP port of the loopback address that nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (address === null || typeof address === "string") {
        return reject(new Error("No port"));
      }
      server.close(() => resolve(address.port));
    });
  });
}

/** A new temporary folder, readable by its owner alone. */
export function temporaryFolder({ uid, gid }: Owner = {}): string {
  const folder = mkdtempSync(join(tmpdir(), "with-session-"));
  if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid);
  return folder;
}

/**
 * The numbers of a system user, or none if we are not root, and so cannot
 * become somebody else.
 */
export function ownerNamed(name: string): Owner {
  if (process.getuid?.() !== 0) return {};
  for (const line of readFileSync("/etc/passwd", "utf8").split("\n")) {
    const [user, , uid, gid] = line.split(":");
    if (user === name) return { uid: Number(uid), gid: Number(gid) };
  }
  return {};
}

/**
 * Runs a server and waits until it answers. It ends with this process, however
 * this process ends.
 *
 * @throws {Error} If it does not answer in time, with what it has printed.
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const server = new RunningServer(options);
  try {
    await server.start();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

class RunningServer implements Server {
  readonly cwd: string;
  readonly #options: ServerOptions;
  readonly #guard: ChildProcess;
  #process: ChildProcess | undefined;
  #exit: Promise<void> = Promise.resolve();
  #hasExited = true;
  #log = "";

  constructor(options: ServerOptions) {
    this.#options = options;
    this.cwd = options.cwd ?? temporaryFolder(options);
    this.#guard = startGuard(this.cwd);
  }

  get process(): ChildProcess {
    if (!this.#process) throw new Error("Not started");
    return this.#process;
  }

  async start(): Promise<void> {
    if (!this.#hasExited) throw new Error("Runs already");
    const { command, args, uid, gid } = this.#options;
    this.#log = "";
    this.#hasExited = false;
    const child = spawn(command, args, {
      cwd: this.cwd,
      stdio: ["ignore", "pipe", "pipe"],
      // Ctrl-C is for the tests: they end it in good order.
      detached: true,
      ...uid !== undefined && { uid },
      ...gid !== undefined && { gid },
    });
    this.#process = child;
    this.#exit = new Promise((resolve) => {
      const end = (why: string) => {
        this.#hasExited = true;
        this.#log += why;
        this.#tellGuard("");
        resolve();
      };
      child.once("error", (error) => end(`\n${error.message}`));
      child.once(
        "exit",
        (code, signal) => end(`\n${command} ended by ${signal ?? code}`),
      );
    });
    this.#tellGuard(String(child.pid ?? ""));
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.#log = (this.#log + text).slice(-LOG_KEPT);
      });
      unref(stream);
    }
    child.unref();
    await this.#untilReady();
  }

  pause(): void {
    this.process.kill("SIGSTOP");
  }

  resume(): void {
    this.process.kill("SIGCONT");
  }

  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async stop(): Promise<void> {
    await this.#end(this.#options.stopSignal ?? "SIGTERM");
    this.#guard.stdin?.end();
    rmSync(this.cwd, { recursive: true, force: true, maxRetries: 5 });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.#hasExited) return;
    // Without it, nothing may be left that keeps this process waiting.
    this.process.ref();
    this.process.kill(signal);
    this.process.kill("SIGCONT");
    const timer = setTimeout(() => this.process.kill("SIGKILL"), STOP_DEADLINE);
    await this.#exit;
    clearTimeout(timer);
  }

  async #untilReady(): Promise<void> {
    const { command, ready, deadline = 30_000 } = this.#options;
    const end = Date.now() + deadline;
    let last: unknown;
    while (!this.#hasExited && Date.now() < end) {
      const timer = new AbortController();
      const late = sleep(end - Date.now(), "late", { signal: timer.signal });
      late.catch(() => {});
      try {
        const how = await Promise.race([ready(), late, this.#exit]);
        if (how !== "late" && !this.#hasExited) return;
      } catch (error) {
        last = error;
      } finally {
        timer.abort();
      }
      if (!this.#hasExited) await sleep(20);
    }
    throw new Error(
      `${command} is not ready. It printed:\n${this.#log.trim()}`,
      { cause: last },
    );
  }

  #tellGuard(pid: string): void {
    this.#guard.stdin?.write(`${pid}\n`);
  }
}

/**
 * A shell that outlives this process, even one killed by `SIGKILL`: the end of
 * its input says that we are gone, and it ends the server it was last told of.
 */
function startGuard(folder: string): ChildProcess {
  const script = `
    while read -r line; do pid=$line; done
    if [ -n "$pid" ]; then
      kill -TERM "$pid"; kill -CONT "$pid"; tries=0
      while kill -0 "$pid" && [ $tries -lt 50 ]; do
        sleep 0.1; tries=$((tries + 1))
      done
      kill -KILL "$pid"
    fi 2>/dev/null
    rm -rf "$1"`;
  const guard = spawn("sh", ["-c", script, "sh", folder], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  guard.stdin.on("error", () => {});
  unref(guard.stdin);
  guard.unref();
  return guard;
}

/** A server and its pipes do not keep the tests from ending. */
function unref(stream: unknown): void {
  (stream as { unref?: () => void }).unref?.();
}

function find(
  binary: string,
  folders: readonly string[],
): string | undefined {
  const usual = ["/usr/sbin", "/usr/local/sbin", ...versions()];
  const all = [...(env["PATH"] ?? "").split(delimiter), ...usual, ...folders];
  const paths = isAbsolute(binary)
    ? [binary]
    : all.filter(Boolean).map((folder) => join(folder, binary));
  return paths.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Debian keeps PostgreSQL's programs out of `PATH`, a folder per version. */
function versions(): string[] {
  const root = "/usr/lib/postgresql";
  try {
    return readdirSync(root).map(Number).sort((a, b) => b - a)
      .map((version) => join(root, String(version), "bin"));
  } catch {
    return [];
  }
}
