// Firefox as Debian has it, by WebDriver BiDi: it speaks that without a driver.

import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { HOSTS } from "../hosts.ts";
import { Bidi } from "./bidi.ts";
import {
  end,
  type Engine,
  find,
  type Jar,
  printed,
  type Programs,
} from "./engine.ts";

export const programs: Programs = {
  packages: ["firefox-esr"],
  places: {
    firefox: [
      process.env["FIREFOX"],
      "/usr/bin/firefox-esr",
      "/usr/bin/firefox",
    ],
  },
};

/** What differs from a new profile, so that it speaks to this machine only. */
const PREFERENCES = {
  "network.dns.localDomains": HOSTS.join(","),
  "dom.security.https_first": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "app.normandy.enabled": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "toolkit.telemetry.server": "",
  "services.settings.server": "data:,#remote-settings-dummy/v1",
  "extensions.systemAddon.update.enabled": false,
  "browser.safebrowsing.malware.enabled": false,
  "browser.safebrowsing.phishing.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  "browser.aboutwelcome.enabled": false,
  "datareporting.policy.firstRunURL": "",
};

export async function launch(): Promise<Engine> {
  const started = new Map<boolean, Promise<Started>>();
  const firefoxThat = (keepsPages: boolean) => {
    const firefox = started.get(keepsPages) ?? start(keepsPages);
    started.set(keepsPages, firefox);
    return firefox;
  };
  const { version } = await firefoxThat(true);
  return {
    name: "firefox",
    version,
    async openJar({ keepsPages = true } = {}) {
      return await jarOf((await firefoxThat(keepsPages)).bidi);
    },
    async close() {
      const all = await Promise.all(started.values());
      await Promise.all(all.map((firefox) => firefox.stop()));
    },
  };
}

interface Started {
  bidi: Bidi;
  version: string;
  stop(): Promise<void>;
}

async function start(keepsPages: boolean): Promise<Started> {
  const { paths } = find(programs);
  const folder = await mkdtemp(join(tmpdir(), "with-session-firefox-"));
  const preferences = Object.entries({
    ...PREFERENCES,
    ...!keepsPages && { "browser.sessionhistory.max_total_viewers": 0 },
  }).map(([name, value]) =>
    `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`
  );
  await writeFile(join(folder, "user.js"), preferences.join("\n"));
  const child = spawn(paths["firefox"] as string, [
    "--headless",
    "--no-remote",
    `--profile=${folder}`,
    "--profile",
    folder,
    "--remote-debugging-port=0",
  ], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, HOME: folder, MOZ_HEADLESS: "1" },
  });
  const stop = async () => {
    await end(child);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const address = await printed(child, child.stderr, /listening on (ws:\S+)/);
    const bidi = await Bidi.connect(`${address}/session`);
    const { capabilities } = await bidi.send<{
      capabilities: { browserVersion: string };
    }>("session.new", {
      capabilities: { alwaysMatch: { acceptInsecureCerts: true } },
    });
    return { bidi, version: capabilities.browserVersion, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface BidiCookie {
  name: string;
  domain: string;
  path: string;
  httpOnly: boolean;
  secure: boolean;
  sameSite: string;
  expiry?: number;
}

async function jarOf(bidi: Bidi): Promise<Jar> {
  // A container: its cookies, storage and workers are its own.
  const { userContext } = await bidi.send<{ userContext: string }>(
    "browser.createUserContext",
    {},
  );
  return {
    async openTab() {
      const { context } = await bidi.send<{ context: string }>(
        "browsingContext.create",
        { type: "tab", userContext },
      );
      const run = (script: string) => bidi.run(context, script);
      return {
        async goTo(url) {
          await bidi.send("browsingContext.navigate", {
            context,
            url,
            wait: "complete",
          });
        },
        run,
        async cookies() {
          const host = await run("return location.hostname") as string;
          const { cookies } = await bidi.send<{ cookies: BidiCookie[] }>(
            "storage.getCookies",
            { partition: { type: "context", context } },
          );
          return cookies.filter(({ domain }) =>
            `.${host}`.endsWith(domain.replace(/^\.?/, "."))
          ).map((each) => ({
            ...each,
            isHttpOnly: each.httpOnly,
            isSecure: each.secure,
            sameSite: each.sameSite.replace(/^./, (c) => c.toUpperCase()),
            expires: each.expiry,
          }));
        },
      };
    },
    async close() {
      await bidi.send("browser.removeUserContext", { userContext });
    },
  };
}
