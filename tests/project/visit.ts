// What is sent to each of the examples, and what must come back.

/** What is sent; without `cookie`, what the browser has. */
export interface Step {
  path?: string;
  method?: string;
  form?: Record<string, string>;
  body?: string;
  headers?: Record<string, string>;
  cookie?: (jar: Jar) => string;
}

/** The cookies of a visit: the present one, and that from before signing out. */
export interface Jar {
  now: string;
  before: string;
}

/** What comes back, as far as all servers must agree. */
export type Answer = [status: number, body: string, ...fields: string[]];

const attributes = "Path=/; HttpOnly; SameSite=Lax";
const aDay = `set-cookie: sid=*; Max-Age=86400; ${attributes}`;
const thirtyDays = `set-cookie: sid=*; Max-Age=2592000; ${attributes}`;
const whileOpen = `set-cookie: sid=*; ${attributes}`;
const removed = `set-cookie: sid=; Max-Age=0; ${attributes}`;
const noStore = "cache-control: no-store";
const moved = [noStore, "location: /", "vary: cookie"];
const plain = "content-type: text/plain;charset=utf-8";

const shown = (body: string, cookie = aDay): Answer => [
  200,
  body,
  noStore,
  plain,
  "vary: accept, cookie",
  cookie,
];
const home = (cookie: string): Answer => [303, "", ...moved, cookie];

/** One visit, step by step, with the answers it must get everywhere. */
export const visit: [what: string, step: Step, answer: Answer][] = [
  ["the first request", {}, shown("Visit 1, not signed in")],
  ["the second request", {}, shown("Visit 2, not signed in")],
  ["an empty name", { path: "/sign-in", form: { name: " " } }, home(aDay)],
  [
    "its notice",
    {},
    shown("Visit 3, not signed in, notice: Please enter a name"),
  ],
  ["what is no form", { path: "/sign-in", body: "{}" }, [
    400,
    "Expected a form",
    plain,
  ]],
  [
    "signing in, to be remembered",
    { path: "/sign-in", form: { name: "Ada", remember: "on" } },
    home(thirtyDays),
  ],
  [
    "the welcome",
    {},
    shown("Visit 4, signed in as Ada, notice: Welcome, Ada", thirtyDays),
  ],
  ["no welcome again", {}, shown("Visit 5, signed in as Ada", thirtyDays)],
  ["HEAD", { method: "HEAD" }, [
    200,
    "",
    noStore,
    "vary: accept, cookie",
    thirtyDays,
  ]],
  ["another page", { path: "/elsewhere" }, [404, "Not found", plain]],
  [
    "a form of another site",
    {
      path: "/sign-out",
      method: "POST",
      headers: { "sec-fetch-site": "cross-site" },
    },
    [
      403,
      "Forbidden: another site has sent this request",
      plain,
      "vary: origin, sec-fetch-site",
    ],
  ],
  ["signing out", { path: "/sign-out", form: {} }, home(removed)],
  ["a new session", {}, shown("Visit 1, not signed in")],
  [
    "signing in, while the browser is open",
    { path: "/sign-in", form: { name: "Grace" } },
    home(whileOpen),
  ],
  [
    "the other welcome",
    {},
    shown("Visit 2, signed in as Grace, notice: Welcome, Grace", whileOpen),
  ],
  [
    // The limit of sessions without a store, which can forget nothing.
    "a cookie from before signing out",
    { cookie: ({ before }) => before },
    shown("Visit 7, signed in as Ada", thirtyDays),
  ],
  [
    "a forged cookie",
    {
      cookie: ({ now }) => now.replace(/.$/, (end) => end === "A" ? "Q" : "A"),
    },
    shown("Visit 1, not signed in"),
  ],
  [
    "a cut cookie",
    { cookie: ({ now }) => now.slice(0, -9) },
    shown("Visit 1, not signed in"),
  ],
  [
    "a cookie of no kind",
    { cookie: ({ now }) => now.replace(/=.*/, "=nothing") },
    shown("Visit 1, not signed in"),
  ],
  [
    "two cookies that differ",
    { cookie: ({ now, before }) => `${now}; ${before}` },
    shown("Visit 1, not signed in"),
  ],
  [
    "the cookie under its name on https",
    { cookie: ({ now }) => now.replace(/^sid-\d+/, "__Host-sid") },
    shown("Visit 1, not signed in"),
  ],
  [
    "the session after all that",
    {},
    shown("Visit 3, signed in as Grace", whileOpen),
  ],
];

/**
 * Fields no program should choke on; a server may refuse to read them. Behind
 * `sid` comes the port.
 */
export const garbage: Record<string, string> = {
  "an empty Cookie field": "Cookie:",
  "a Cookie field without pairs": "Cookie: ;;; = ;; =;",
  "a cookie without a value": "Cookie: sid=",
  "a cookie of controls": "Cookie: sid=\x01\x02\x7f",
  "a cookie of high bytes": "Cookie: sid=\xff\xfe\x80",
  "a cookie in escapes": "Cookie: sid=%00%ff%",
  "a long cookie": `Cookie: sid=${"A".repeat(6000)}`,
  "a long cookie of another name": `Cookie: x=${"A".repeat(6000)}`,
  "many cookies": `Cookie: ${"sid=A; ".repeat(800)}`,
  "two Cookie fields": "Cookie: sid=A\r\nCookie: sid=B",
  "a cookie in quotes": 'Cookie: sid="A"',
  "an Accept field of high bytes": "Accept: \xff/\xfe",
  "an odd Origin field": "Origin: ::::",
  "an odd Sec-Fetch-Site field": "Sec-Fetch-Site: \xff",
  "an Upgrade field to something": "Connection: Upgrade\r\nUpgrade: tea",
};
