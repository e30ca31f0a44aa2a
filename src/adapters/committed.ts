import type {
  CommittedSession,
  SetCookie,
  SetCookieAttributes,
} from "./contract.ts";

/** What the fields of a response that had none say of a session. */
export function committedOf(headers: Headers): CommittedSession {
  const fields = [...headers].filter(([name]) => name !== "set-cookie");
  return { cookies: headers.getSetCookie().map(cookieOf), headers: fields };
}

/** Reads a `Set-Cookie` field of our own. */
function cookieOf(line: string): SetCookie {
  const [pair = "", ...rest] = line.split("; ");
  const [name, value] = halvesOf(pair);
  const given = new Map(rest.map(halvesOf));
  const textOf = (attribute: string) => given.get(attribute)?.toLowerCase();
  const maxAge = given.get("Max-Age");
  const domain = given.get("Domain");
  const priority = textOf("Priority");
  const attributes = {
    ...maxAge !== undefined && { maxAge: Number(maxAge) },
    ...domain && { domain },
    path: given.get("Path"),
    httpOnly: true,
    secure: given.has("Secure"),
    sameSite: textOf("SameSite"),
    ...given.has("Partitioned") && { partitioned: true },
    ...priority && { priority },
  } as SetCookieAttributes;
  return { name, value, attributes, line };
}

/** What stands before the first `=`, and after it: a path may have more. */
function halvesOf(text: string): [before: string, after: string] {
  const [before = "", ...after] = text.split("=");
  return [before, after.join("=")];
}
