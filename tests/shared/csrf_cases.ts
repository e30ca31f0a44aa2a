/**
 * What becomes of a POST to `https://app.example/pay` with these headers, if
 * `https://partner.example` is trusted.
 */
export const POSTS: readonly (readonly [
  what: string,
  headers: Record<string, string>,
  isRefused: boolean,
])[] = [
  ["passes from the same origin", { "sec-fetch-site": "same-origin" }, false],
  ["passes from the address bar", { "sec-fetch-site": "none" }, false],
  [
    "is refused from another site",
    { "sec-fetch-site": "cross-site" },
    true,
  ],
  [
    "is refused from a sister host",
    { "sec-fetch-site": "same-site" },
    true,
  ],
  [
    "passes from the same origin, whatever the Origin",
    { "sec-fetch-site": "same-origin", origin: "https://proxy.example" },
    false,
  ],
  [
    "is refused from another site, even with our Origin",
    { "sec-fetch-site": "cross-site", origin: "https://app.example" },
    true,
  ],
  [
    "passes from a trusted origin of another site",
    { "sec-fetch-site": "cross-site", origin: "https://partner.example" },
    false,
  ],
  [
    "passes from a trusted origin of the same site",
    { "sec-fetch-site": "same-site", origin: "https://partner.example" },
    false,
  ],
  [
    "passes from a trusted origin alone",
    { origin: "https://partner.example" },
    false,
  ],
  [
    "is refused from a trusted host with another port",
    { "sec-fetch-site": "cross-site", origin: "https://partner.example:8443" },
    true,
  ],
  [
    "is refused from a host that begins like a trusted one",
    { origin: "https://partner.example.evil.example" },
    true,
  ],

  ["passes with neither header, as no browser sends it", {}, false],
  ["passes from our Origin", { origin: "https://app.example" }, false],
  [
    "is refused from another Origin",
    { origin: "https://evil.example" },
    true,
  ],
  ["is refused from the Origin null", { origin: "null" }, true],
  [
    "is refused from our host over http",
    { origin: "http://app.example" },
    true,
  ],
  [
    "is refused from another port",
    { origin: "https://app.example:444" },
    true,
  ],
  [
    "is refused from a longer host",
    { origin: "https://app.example.evil" },
    true,
  ],
  [
    "is refused from a sister Origin",
    { origin: "https://x.app.example" },
    true,
  ],
  [
    "is refused from an Origin with a path",
    { origin: "https://app.example/" },
    true,
  ],
  [
    "is refused from an Origin in capitals",
    { origin: "HTTPS://APP.EXAMPLE" },
    true,
  ],
  [
    "is refused from two Origins",
    { origin: "https://app.example, null" },
    true,
  ],

  ...[
    "same-origin, cross-site",
    "cross-site, same-origin",
    "Same-Origin",
    "SAME-ORIGIN",
    "same-origin;x",
    "sameorigin",
    "same-origin-allow-popups",
    "unknown",
    "*",
  ].flatMap(
    (site) => [
      [
        `goes by Origin with Sec-Fetch-Site "${site}", and is refused`,
        { "sec-fetch-site": site, origin: "https://evil.example" },
        true,
      ] as const,
      [
        `goes by Origin with Sec-Fetch-Site "${site}", and passes`,
        { "sec-fetch-site": site, origin: "https://app.example" },
        false,
      ] as const,
    ],
  ),
  [
    "goes by Origin with an empty Sec-Fetch-Site",
    { "sec-fetch-site": "", origin: "https://evil.example" },
    true,
  ],
  [
    "is not believed to be a GET",
    { "sec-fetch-site": "cross-site", "x-http-method-override": "GET" },
    true,
  ],
  [
    "is not believed to be of another host",
    {
      origin: "https://evil.example",
      "x-forwarded-host": "evil.example",
      forwarded: "host=evil.example",
      host: "evil.example",
      referer: "https://app.example/",
    },
    true,
  ],
];
