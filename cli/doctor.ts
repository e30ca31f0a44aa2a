import type { Command } from "./common/command.ts";
import { EXIT, UsageError } from "./common/problems.ts";
import { paint, type Terminal } from "./common/terminal.ts";
import {
  count,
  mayBeSecret,
  printable,
  shorten,
  table,
} from "./common/text.ts";
import { type Examination, examine } from "./doctor/examine.ts";
import type { Finding } from "./doctor/finding.ts";
import { isLoopback } from "./doctor/set_cookie.ts";

/** `with-session doctor`: looks at how an address treats its cookie. */
export const doctorCommand: Command = {
  options: {
    name: "list",
    header: "list",
    method: "text",
    data: "text",
    insecure: "flag",
    timeout: "text",
  },
  help: `with-session doctor URL
  Fetches an address, and says why a browser would drop, leak or cache its
  cookie: attributes and prefixes, duplicates, size, redirects, proxies, Vary,
  Cache-Control, CORS, and the clock by the field Date.

  It visits the address up to four times, without a cookie, with it, and as a
  script of another site. Another method than GET or HEAD is sent once.

    npx with-session doctor localhost:8000

  --name NAME         The cookie that is the session, if it is not found
  -H, --header FIELD  Sends "Name: value", too; more than once for several
  --method METHOD     As in curl -X
  --data TEXT         The body, or @- to read it; the method is POST then
  -k, --insecure      Takes a certificate that nobody vouches for
  --timeout SECONDS   How long to wait for an answer (10)
  --json              Prints an object

  Exit code: 0 no fault, 1 faults, 2 wrong command, 3 no answer or no cookie
`,
  async run(args, terminal) {
    const [given, ...more] = args.words;
    if (given === undefined || more.length) {
      throw new UsageError("Give one address: with-session doctor URL");
    }
    const url = readAddress(given);
    const body = args.text("data");
    const data = body === "@-"
      ? (await terminal.read("Paste the body, and press Enter: ")).trimEnd()
      : body;
    const method = args.text("method")?.toUpperCase() ??
      (data === undefined ? "GET" : "POST");
    if (!/^[A-Z]{1,20}$/.test(method)) {
      throw new UsageError("Option --method must be a method, such as POST");
    }
    const seconds = args.number("timeout") ?? 10;
    if (seconds < 1 || seconds > 600) {
      throw new UsageError("Option --timeout must be 1 to 600 seconds");
    }
    const headers = Object.fromEntries(args.list("header").map(readField));
    if (data !== undefined) {
      headers["content-type"] ??= "application/x-www-form-urlencoded";
    }
    const found = await examine(url, {
      method,
      headers,
      body: data,
      isInsecure: args.flag("insecure"),
      timeout: seconds * 1000,
      now: () => terminal.now(),
    }, args.list("name"));
    const { findings, cookies, visits: { page } } = found;
    const faults = findings.filter(({ level }) => level === "fault");
    const session = cookies.filter(({ isSession }) => isSession);
    const code = faults.length
      ? EXIT.bad
      : session.length
      ? EXIT.good
      : EXIT.failed;
    return {
      code,
      text: describe(found, terminal),
      json: {
        ok: code === EXIT.good,
        // Without a password, and what else is for nobody's log.
        url: url.origin + url.pathname,
        status: page.status,
        cookies: cookies.map(({ name, isSession }) => ({ name, isSession })),
        findings,
      },
    };
  },
};

/** An address as people type it: without a scheme, too. */
function readAddress(given: string): URL {
  const hasScheme = /^[a-z][a-z\d+.-]*:\/\//i.test(given);
  const isLocal = /^(([\w-]+\.)*localhost|127\.[\d.]+|\[::1\])([:/?#]|$)/i
    .test(given);
  const url = URL.parse(
    hasScheme ? given : `${isLocal ? "http" : "https"}://${given}`,
  );
  // A secret in the wrong place would be asked for in DNS.
  const isSecret = mayBeSecret(given);
  if (isSecret || !url || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(
      `${isSecret ? "That" : shorten(given, 40)} is no address: ` +
        "give one like https://example.com/",
    );
  }
  return url;
}

/** @throws {UsageError} Without the value, which may be a secret. */
function readField(field: string): [string, string] {
  const [, name, value] = /^([\w-]+):\s*([^\r\n]*)$/.exec(field) ?? [];
  if (!name) {
    throw new UsageError('Option --header must be like "Name: value"');
  }
  return [name.toLowerCase(), value ?? ""];
}

function describe(
  { findings, cookies, visits }: Examination,
  terminal: Terminal,
): string {
  const { page, leads } = visits;
  const session = cookies.filter(({ isSession }) => isSession);
  const faults = findings.filter(({ level }) => level === "fault").length;
  const notes = findings.length - faults;
  const verdict = faults
    ? paint(terminal, "bad", count(faults, "fault")) +
      (notes ? ` and ${count(notes, "note")}` : "")
    : session.length
    ? paint(terminal, "good", "no fault found") +
      (notes ? `, ${count(notes, "note")}` : "")
    : paint(terminal, "note", "no session cookie came");
  const names = session.map(({ name }) => shorten(name, 40)).join(", ");
  const parts = [
    `${printable(page.url.origin + page.url.pathname)} answers ${page.status}` +
    (names ? `, cookie ${names}` : "") + `: ${verdict}`,
    ...findings.map((finding) => explain(finding, terminal)),
  ];
  if (!session.length) parts.push(whyNone(page.url, cookies.length, terminal));
  if (leads) {
    parts.push(
      `It leads on: npx with-session doctor ${
        printable(leads.origin + leads.pathname)
      }`,
    );
  }
  return parts.join("\n\n");
}

function explain(
  { code, level, cookie, says, advice }: Finding,
  terminal: Terminal,
): string {
  const title = paint(terminal, level === "fault" ? "bad" : "note", level);
  const about = cookie ? ` of ${shorten(cookie, 40)}` : "";
  return `${title} ${code}${about}\n` + table([
    ["Finding", printable(says)],
    ["To do", advice],
  ], terminal.columns);
}

/** What may be the reason why no cookie came. */
function whyNone(url: URL, others: number, terminal: Terminal): string {
  const rows: [string, string][] = [[
    "Usual",
    "A session begins with its first write, and a page that writes nothing " +
    "sets no cookie: give the address of one that does, a sign-in by --data say",
  ]];
  if (others) {
    rows.push([
      "Name",
      "Other cookies came: if one of them is the session, give --name",
    ]);
  }
  if (url.protocol === "http:" && !isLoopback(url)) {
    rows.push([
      "http",
      "Over http from another machine, with-session sets no cookie: use https, " +
      "or http://localhost",
    ]);
  }
  if (url.protocol === "https:") {
    rows.push([
      "Proxy",
      "Behind a proxy that ends TLS, the program sees http and sets no cookie: " +
      "set cookie: { secure: true }. Its events say insecure then",
    ]);
  }
  return table(rows, terminal.columns);
}
