// There are no passwords here. So that nobody is let into the account of
// somebody else who has chosen the same name, an account is of the browser that
// has made it: a random id, and the name behind it.

/** The account of a name, in the browser that has this id. */
export function accountOf(browser: string, name: string): string {
  return `${browser}/${name}`;
}

/** The name that a user has chosen. */
export function nameOf(userId: string): string {
  return userId.slice(userId.indexOf("/") + 1);
}

/** The browser that has made the account. */
export function browserOf(userId: string): string {
  return userId.slice(0, userId.indexOf("/"));
}

const BROWSERS = /(Edg|OPR|Firefox|Chrome|Safari)\//;
const SYSTEMS = /(Android|iPhone|iPad|Windows|Mac OS X|Linux)/;
const NAMES: Record<string, string> = {
  "Edg": "Edge",
  "OPR": "Opera",
  "Mac OS X": "macOS",
};

/** What a user knows a browser by, as far as its `User-Agent` tells. */
export function deviceOf(request: Request): string {
  const agent = request.headers.get("user-agent") ?? "";
  const [browser, system] = [BROWSERS, SYSTEMS].map((pattern) => {
    const name = pattern.exec(agent)?.[1];
    return name && (NAMES[name] ?? name);
  });
  if (!browser) return "A program";
  return system ? `${browser} on ${system}` : browser;
}
