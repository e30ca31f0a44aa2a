import type { Settings } from "./options/options.ts";

type Asking = typeof import("./checks/checks.ts");

let loaded: Asking | undefined;

/**
 * Whom a session is asked about; nobody, if its cookie says it all. What only
 * some options need is loaded at the first request with such an option
 * (docs/decisions/017-loaded-when-asked-for.md), and kept: even of a module
 * that is there, `import()` takes microseconds.
 */
export async function askingOf(
  settings: Settings,
): Promise<Asking | undefined> {
  return isAskedFor(settings)
    ? loaded ??= await import("./checks/checks.ts")
    : undefined;
}

/** Whether anything but the cookie has a say in a session. */
export function isAskedFor(settings: Settings): boolean {
  return !!(settings.store || settings.revocations || settings.schema);
}
