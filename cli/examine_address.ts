import { examine } from "./doctor/examine.ts";
import type { Finding } from "./doctor/finding.ts";

/** How an address is looked at. */
export interface DoctorOptions {
  /** The names of the cookies that are sessions, if they are not found. */
  names?: readonly string[] | undefined;
  /** Fields that are sent besides, `authorization` say. */
  headers?: Readonly<Record<string, string>> | undefined;
  /** With another method than GET or HEAD, there is one visit. */
  method?: string | undefined;
  /** What is sent; the method is POST then. */
  body?: string | undefined;
  /** Takes a certificate that nobody vouches for. @default {false} */
  insecure?: boolean | undefined;
  /** How long to wait for an answer, in seconds. @default {10} */
  timeout?: number | undefined;
}

/** How an address treats its cookie. */
export interface DoctorReport {
  /** The status of the page. */
  readonly status: number;
  /** The names of the cookies that were taken for sessions. */
  readonly sessions: readonly string[];
  /** Why a browser would drop, leak or cache one of them. */
  readonly faults: readonly Finding[];
  /** What may be meant so. */
  readonly notes: readonly Finding[];
}

/**
 * Fetches an address, and says why a browser would drop, leak or cache its
 * cookie.
 *
 * @param address With its scheme.
 * @throws {TypeError} If it is no address.
 * @throws If nobody answers.
 */
export async function doctor(
  address: string | URL,
  options: DoctorOptions = {},
): Promise<DoctorReport> {
  const { names = [], headers = {}, body, insecure = false } = options;
  const { method = body === undefined ? "GET" : "POST", timeout = 10 } =
    options;
  const { visits, findings, cookies } = await examine(new URL(address), {
    method,
    headers: Object.fromEntries(
      Object.entries(headers).map((
        [name, value],
      ) => [name.toLowerCase(), value]),
    ),
    body,
    isInsecure: insecure,
    timeout: timeout * 1000,
    now: Date.now,
  }, names);
  return {
    status: visits.page.status,
    sessions: [
      ...new Set(
        cookies.filter(({ isSession }) => isSession).map(({ name }) => name),
      ),
    ],
    faults: findings.filter(({ level }) => level === "fault"),
    notes: findings.filter(({ level }) => level === "note"),
  };
}
