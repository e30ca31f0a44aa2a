import type { CookieOptions } from "../../src/http/cookie_options.ts";

/** Options that must be refused: what is wrong, the options, what is named. */
export const BAD_COOKIES: readonly (readonly [
  what: string,
  options: Record<string, unknown>,
  named: string,
])[] = [
  // What browsers drop without a word.
  [
    "__Host- with a domain",
    { name: "__Host-a", domain: "a.example" },
    "cookie",
  ],
  ["__Host- with a path", { name: "__Host-a", path: "/app" }, "cookie"],
  ["__Host- without Secure", { name: "__Host-a", secure: false }, "cookie"],
  [
    "__Host-Http- with a domain",
    { name: "__Host-Http-a", domain: "a.example" },
    "cookie",
  ],
  ["__Host-Http- with a path", { name: "__Host-Http-a", path: "/a" }, "cookie"],
  [
    "__Host-Http- without Secure",
    { name: "__Host-Http-a", secure: false },
    "cookie",
  ],
  ["__Secure- without Secure", { name: "__Secure-a", secure: false }, "cookie"],
  ["__Http- without Secure", { name: "__Http-a", secure: false }, "cookie"],
  [
    "SameSite=None without Secure",
    { sameSite: "None", secure: false },
    "cookie",
  ],
  [
    "Partitioned without Secure",
    { partitioned: true, secure: false },
    "cookie",
  ],
  ["a prefix in lower case", { name: "__host-a" }, "cookie"],
  ["a prefix in upper case", { name: "__HOST-a" }, "cookie"],
  ["a prefix in mixed case", { name: "__hOsT-a" }, "cookie"],
  ["a second prefix in lower case", { name: "__host-http-a" }, "cookie"],
  ["__secure-", { name: "__secure-a" }, "cookie"],
  ["__SECURE- without Secure", { name: "__SECURE-a", secure: false }, "cookie"],
  ["__http-", { name: "__http-a" }, "cookie"],
  // Without its prefix, on the machine itself, nothing would be left.
  ...["__Host-", "__Secure-", "__Http-", "__Host-Http-"].map((name) =>
    [`a name that is all prefix, ${name}`, { name }, "cookie"] as const
  ),

  // What cannot be written.
  ...[
    "",
    " ",
    "a b",
    "a=b",
    "a;b",
    "a,b",
    'a"b',
    "a/b",
    "a\tb",
    "a\r\nb",
    "a\0b",
    "ä",
    "\u212a",
    "a\ud800",
    "(a)",
    "[a]",
    "{a}",
    "a:b",
    "a@b",
    "a\\b",
    "<a>",
    "a?b",
    "a\x7f",
  ].map((name) => [`the name ${show(name)}`, { name }, "cookie.name"] as const),
  ...[
    "",
    " ",
    "a b",
    "a.example;b",
    "a.example\r\nb",
    "a\0",
    "ä.example",
    "a.example/",
    "https://a.example",
    "a.example:443",
    "*.a.example",
    "a_b;",
    "a,b",
    ".",
    "..",
    "com",
    ".com",
    "localhost",
    "a..example",
    "..a.example",
    "a.example.",
    "127.0.0.1",
    ".127.0.0.1",
    "10.1",
    "0x7f.1",
    "1.0x7f",
    "::1",
    "[::1]",
  ].map((domain) =>
    [
      `the domain ${show(domain)}`,
      { domain },
      "cookie.domain",
    ] as const
  ),
  ...[
    "",
    "app",
    "./app",
    "/a;b",
    "/a\r\nb",
    "/a\0",
    "/ä",
    "/\u212a",
    "/a\x7f",
    "\\",
    "/a\tb",
  ].map((path) => [`the path ${show(path)}`, { path }, "cookie.path"] as const),
  ["a path of 1 025 bytes", { path: `/${"a".repeat(1024)}` }, "cookie.path"],
  ["a domain of 1 025 bytes", { domain: "a".repeat(1025) }, "cookie.domain"],

  // What is no value of the attribute.
  ...[
    "strict",
    "lax",
    "",
    "x:Lax",
    "Lax; Domain=a.example",
    "a:b; x:None",
    true,
    null,
    ["Lax"],
  ].map((sameSite) =>
    [
      `sameSite ${show(sameSite)}`,
      { sameSite },
      "cookie.sameSite",
    ] as const
  ),
  ...["true", "", "always", "x:auto", 1, null, ["auto"]].map((secure) =>
    [`secure ${show(secure)}`, { secure }, "cookie.secure"] as const
  ),
  ...["true", "", 1, null, {}].map((partitioned) =>
    [
      `partitioned ${show(partitioned)}`,
      { partitioned },
      "cookie.partitioned",
    ] as const
  ),
  ...["high", "", "x:High", "High; Domain=a.example; x:Low", 1, null].map((
    priority,
  ) =>
    [
      `priority ${show(priority)}`,
      { priority },
      "cookie.priority",
    ] as const
  ),
  ["a name that is no text", { name: 5 }, "cookie.name"],
  ["a name in a list", { name: ["sid"] }, "cookie.name"],
  [
    "a domain behind a colon",
    { domain: "string:a.example" },
    "cookie.domain",
  ],
  ["a name behind a colon", { name: "string:sid" }, "cookie.name"],
  ["a path that is no address", { path: "//:" }, "cookie.path"],
  ["a domain that is no text", { domain: 5 }, "cookie.domain"],
  ["a path that is no text", { path: ["/"] }, "cookie.path"],
  ["a path with a blank", { path: "/a b" }, "cookie.path"],
  ["a path with a query", { path: "/a?b" }, "cookie.path"],
  ["a path with a fragment", { path: "/a#b" }, "cookie.path"],
  ["a path with a quote", { path: '/a"' }, "cookie.path"],
  ["a path with a dot as a folder", { path: "/./a" }, "cookie.path"],

  // Earlier scopes.
  ["__Host- with a path of before", { previous: [{ path: "/app" }] }, "cookie"],
  [
    "__Host- of its own with a domain of before",
    { name: "__Host-a", previous: [{ domain: "a.example" }] },
    "cookie",
  ],
  ...["/app", {}, true, null].map((previous) =>
    [
      `previous ${show(previous)}`,
      { name: "a", previous },
      "cookie.previous",
    ] as const
  ),
  [
    "a domain of before with a scheme",
    { name: "a", previous: [{}, { domain: "https://a.example" }] },
    "cookie.previous.domain",
  ],
  [
    "a path of before with a semicolon",
    { name: "a", previous: [{ path: "/a; Domain=evil.example" }] },
    "cookie.previous.path",
  ],
  [
    "a misspelling in a scope of before",
    { name: "a", previous: [{ dmain: "a.example" }] },
    "cookie.previous.dmain",
  ],
  [
    "a name of before",
    { name: "a", previous: [{ name: "b" }] },
    "cookie.previous.name",
  ],
  [
    "a path of before in a text",
    { name: "a", previous: ["/app"] },
    "cookie.previous",
  ],

  // What is no attribute that may be chosen.
  ["httpOnly", { httpOnly: false }, "cookie.httpOnly"],
  ["maxAge", { maxAge: 3600 }, "cookie.maxAge"],
  ["expires", { expires: new Date(0) }, "cookie.expires"],
  ["a misspelling", { samesite: "Lax" }, "cookie.samesite"],
];

/** Names, and options around them, that browsers keep. */
export const GOOD_COOKIES: readonly CookieOptions[] = [
  { name: "__Host-a" },
  { name: "__Host-Http-a" },
  { name: "__Secure-a", domain: "a.example", path: "/app" },
  { name: "__Http-a", path: "/app" },
  { name: "a", secure: false },
  { name: "Host-a", secure: false },
  { name: "x__Host-a", domain: "a.example" },
  { name: "__Hostile", path: "/app" },
  { name: "!#$%&'*+-.^_`|~09azAZ" },
  { domain: ".example.com" },
  { domain: "127.0.0.1.example" },
  { domain: "EXAMPLE.com" },
  { domain: "xn--bcher-kva.example" },
  { domain: `${"a".repeat(63)}.example` },
  { path: "/a/c%20d,e=f" },
  { path: `/${"a".repeat(1023)}` },
  { sameSite: "None", partitioned: true },
  { name: "a", previous: [] },
  { previous: [] },
  { name: "a", previous: [{}, { domain: "a.example", path: "/app" }] },
  { path: "/app", previous: [{ partitioned: true, path: undefined }] },
  { partitioned: true, previous: [{}] },
  { name: "__Host-a", previous: [{ partitioned: true }] },
];

/** For a test's name; some reporters drop the one control that JSON keeps. */
function show(value: unknown): string {
  return `${JSON.stringify(value)}`.replace("\x7f", "\\x7f");
}
