// WebKitGTK's own small browser, by W3C WebDriver.

import { type ChildProcess, spawn } from "node:child_process";
import { globSync } from "node:fs";
import { createServer } from "node:net";
import process from "node:process";
import { type Proxy, startProxy } from "../proxy.ts";
import {
  end,
  type Engine,
  find,
  type Jar,
  type JarOptions,
  printed,
  type Programs,
} from "./engine.ts";

export const programs: Programs = {
  packages: ["webkit2gtk-driver", "xvfb"],
  places: {
    WebKitWebDriver: [
      process.env["WEBKIT_DRIVER"],
      "/usr/bin/WebKitWebDriver",
    ],
    MiniBrowser: globSync("/usr/lib*/{*/,}webkit2gtk-4.*/MiniBrowser"),
    Xvfb: ["/usr/bin/Xvfb"],
  },
};

export async function launch(): Promise<Engine> {
  const { paths } = find(programs);
  const children: ChildProcess[] = [];
  let proxy: Proxy | undefined;
  const close = async () => {
    await Promise.all(children.reverse().map(end));
    await proxy?.stop();
  };
  try {
    const screen = spawn(paths["Xvfb"] as string, [
      ..."-displayfd 3 -screen 0 1024x768x24 -nolisten tcp".split(" "),
    ], { stdio: ["ignore", "ignore", "ignore", "pipe"] });
    children.push(screen);
    const display = await printed(
      screen,
      screen.stdio[3] as NodeJS.ReadableStream,
      /(\d+)\n/,
    );
    // The browser cannot be told where a host is.
    const { port } = proxy = await startProxy();
    // A driver has one session, which is a browser that begins anew.
    const start = async (options: JarOptions = {}) => {
      const driver = await startDriver(
        paths["WebKitWebDriver"] as string,
        display,
      );
      children.push(driver.child);
      const { jar, version } = await startSession(
        driver.origin,
        paths["MiniBrowser"] as string,
        port,
        options,
      );
      const close = () => jar.close().finally(() => end(driver.child));
      return { version, jar: { ...jar, close } };
    };
    const { version, jar } = await start();
    await jar.close();
    return {
      name: "webkit",
      version,
      close,
      openJar: async (options) => (await start(options)).jar,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startDriver(
  program: string,
  display: string,
): Promise<{ child: ChildProcess; origin: string }> {
  const port = await freePort();
  const child = spawn(program, [`--port=${port}`], {
    stdio: "ignore",
    env: {
      ...process.env,
      DISPLAY: `:${display}`,
      GDK_BACKEND: "x11",
      // There is no bus in a container, and no graphics card.
      NO_AT_BRIDGE: "1",
      GTK_A11Y: "none",
      LIBGL_ALWAYS_SOFTWARE: "1",
    },
  });
  const origin = `http://127.0.0.1:${port}`;
  await reachable(child, origin);
  return { child, origin };
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        resolve(typeof address === "object" ? address?.port ?? 0 : 0)
      );
    })
  );
}

async function reachable(driver: ChildProcess, origin: string): Promise<void> {
  for (let tries = 0; driver.exitCode === null && tries < 1_000; tries++) {
    try {
      await fetch(`${origin}/status`);
      return;
    } catch {
      await new Promise((done) => setTimeout(done, 50));
    }
  }
  throw new Error("WebKitWebDriver does not answer");
}

async function send<Value>(
  method: string,
  address: string,
  body?: object,
): Promise<Value> {
  const response = await fetch(address, {
    method,
    ...body && { body: JSON.stringify(body) },
    signal: AbortSignal.timeout(90_000),
  });
  const { value } = await response.json() as { value: unknown };
  if (response.ok) return value as Value;
  const { error, message } = value as { error: string; message: string };
  throw new Error(`${method} ${address}: ${error}: ${message}`);
}

interface DriverCookie {
  name: string;
  domain: string;
  path: string;
  httpOnly: boolean;
  secure: boolean;
  sameSite?: string;
  expiry?: number;
}

/** The browser begins with each session anew, and keeps nothing. */
async function startSession(
  origin: string,
  binary: string,
  proxy: number,
  { keepsPages = true }: JarOptions,
): Promise<{ jar: Jar; version: string }> {
  const { sessionId, capabilities } = await send<
    { sessionId: string; capabilities: { browserVersion: string } }
  >("POST", `${origin}/session`, {
    capabilities: {
      alwaysMatch: {
        acceptInsecureCerts: true,
        timeouts: { script: 60_000, pageLoad: 60_000 },
        "webkitgtk:browserOptions": {
          binary,
          args: [
            "--automation",
            `--proxy=socks5://127.0.0.1:${proxy}`,
            "--ignore-host=localhost",
            "--ignore-host=127.0.0.1",
            "--ignore-host=::1",
            ...keepsPages ? [] : ["--enable-page-cache=false"],
          ],
        },
      },
    },
  });
  const session = `${origin}/session/${sessionId}`;
  // Commands go to one window at a time.
  let turn: Promise<unknown> = Promise.resolve();
  const within = <Value>(
    handle: string,
    work: () => Promise<Value>,
  ): Promise<Value> => {
    const done = turn.then(async () => {
      await send("POST", `${session}/window`, { handle });
      return await work();
    });
    turn = done.catch(() => {});
    return done;
  };
  let hasTab = false;
  return {
    version: capabilities.browserVersion,
    jar: {
      async openTab() {
        const handle = hasTab
          ? (await send<{ handle: string }>("POST", `${session}/window/new`, {
            type: "tab",
          })).handle
          : await send<string>("GET", `${session}/window`);
        hasTab = true;
        return {
          async goTo(url) {
            await within(
              handle,
              () => send("POST", `${session}/url`, { url }),
            );
          },
          async run(script) {
            const [value, error] = await within(
              handle,
              () =>
                send<[unknown, string?]>(
                  "POST",
                  `${session}/execute/async`,
                  {
                    args: [],
                    script: `(async () => { ${script} })().then(
                      (value) => arguments[0]([value ?? null]),
                      (error) => arguments[0]([null, String(error)]),
                    );`,
                  },
                ),
            );
            if (error) throw new Error(error);
            return value;
          },
          async cookies() {
            const stored = await within(
              handle,
              () => send<DriverCookie[]>("GET", `${session}/cookie`),
            );
            return stored.map((each) => ({
              ...each,
              isHttpOnly: each.httpOnly,
              isSecure: each.secure,
              sameSite: each.sameSite ?? "",
              expires: each.expiry,
            }));
          },
        };
      },
      close: () => send("DELETE", session),
    },
  };
}
