/** The cookies of a session, by name. */
export type Jar = ReadonlyMap<string, string>;

/** What a browser holds after a response. */
export function receive(response: Response, before: Jar = new Map()): Jar {
  const jar = new Map(before);
  for (const line of response.headers.getSetCookie()) {
    const [pair = ""] = line.split(";");
    const equals = pair.indexOf("=");
    const value = pair.slice(equals + 1);
    const name = pair.slice(0, equals);
    if (value === "" || /; *max-age=0/i.test(line)) jar.delete(name);
    else jar.set(name, value);
  }
  return jar;
}

/** A request with a session's cookies among those of others. */
export function requestWith(
  jar: Jar,
  more: Readonly<Record<string, string>> = {},
): Request {
  const own = [...jar].map(([name, value]) => `${name}=${value}`);
  const cookie = ["theme=dark", ...own, "lang=en-GB"].join("; ");
  return new Request("https://example.com/", { headers: { cookie, ...more } });
}

/** The jar with a character in the middle of each value replaced. */
export function forge(jar: Jar): Jar {
  return mapValues(jar, (value) => {
    // Of a URL-encoded value, no digit of an escape.
    let at = value.length >> 1;
    while (/%.?$/.test(value.slice(at - 2, at)) || value[at] === "%") at++;
    const other = value[at] === "A" ? "B" : "A";
    return value.slice(0, at) + other + value.slice(at + 1);
  });
}

/** The jar with values that cannot be what they should be. */
export function malform(jar: Jar): Jar {
  return mapValues(jar, () => "AAAA");
}

/** Bytes of names and values, as browsers count them. */
export function bytesOf(jar: Jar): number {
  return [...jar].reduce((sum, [name, value]) => {
    return sum + name.length + 1 + value.length;
  }, 0);
}

function mapValues(jar: Jar, change: (value: string) => string): Jar {
  return new Map([...jar].map(([name, value]) => [name, change(value)]));
}
