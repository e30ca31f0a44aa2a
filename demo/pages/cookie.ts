import type { SessionRecord } from "../../mod.ts";
import { type Markup, markup } from "../markup.ts";
import type { Opened } from "../open_token.ts";
import type { OpenedCookie } from "../opened_cookie.ts";
import { toHex, toInstant } from "./words.ts";

/** A cookie, and what the store has of its session. */
export interface CookieShown extends OpenedCookie {
  readonly stored:
    | { readonly key: string; readonly record: SessionRecord | null }
    | undefined;
}

// The page shows no whole token: nobody who sees it, or a picture of it, can use
// the session.
const SHOWN = 24;

const ABOUT: Record<string, string> = {
  "Version": "The format, and with it the cipher.",
  "Key id": "Names the secret. That one is tried, and no other.",
  "Salt": "Random, of this process. With it, a key is good for an hour.",
  "Nonce": "Random, new for each token.",
  "Ciphertext": "What is in the session, encrypted with AES-256-GCM.",
  "Tag": "Proves every bit of the others, and the cookie’s name.",
};

/** The page with the cookie byte by byte. */
export function toCookiePage(shown: CookieShown | undefined): Markup {
  if (!shown) {
    return markup`<h1>The opened cookie</h1>
<p>
  There is no session here yet. <a href="/">Visit the first page</a>, and come
  back.
</p>`;
  }
  const { name, value, opened, context, stored } = shown;
  return markup`<h1>The opened cookie</h1>
<p class="lead">
  What your browser has sent with this request, and what the server makes of it.
</p>

<section aria-labelledby="seen">
  <h2 id="seen">What the browser sees</h2>
  <p class="token"><code>${name}=<b>${value.slice(0, SHOWN)}</b>…</code></p>
  <p class="soft">
    ${value.length} characters of base64url. No script can read them, and this
    page leaves most of them out: a picture of it is of no use to anybody.
  </p>
  <ul class="bytes">${opened.fields.map(toField)}</ul>
</section>

<section aria-labelledby="read">
  <h2 id="read">What the server reads</h2>
  <p>
    The secret, the salt and the name <code>${context[1]}</code> make the key.
    Under another name, or with one bit changed, nothing opens.
  </p>
  ${toBody(opened)}
</section>

${stored && toStored(stored)}`;
}

function toField({ name, from, bytes }: Opened["fields"][number]): Markup {
  const last = from + bytes.length - 1;
  const range = last === from ? `byte ${from}` : `bytes ${from} to ${last}`;
  const isCut = name === "Ciphertext" && bytes.length > SHOWN;
  const shown = isCut ? bytes.slice(0, SHOWN) : bytes;
  const more = isCut &&
    markup` <span>… ${bytes.length - SHOWN} more</span>`;
  return markup`
    <li class="field" data-field="${name}">
      <h3>${name} <small>${range}</small></h3>
      <div>
        <p class="hex"><code>${toHex(shown)}${more}</code></p>
        <p class="soft">${ABOUT[name]}</p>
      </div>
    </li>`;
}

function toBody({ body }: Opened): Markup {
  const { flags, created, sealed, expires, sid, text } = body;
  const id = toHex(sid.slice(0, 6));
  return toList([
    ["Flags", "byte 0", markup`<code>${toHex([flags])}</code>`],
    ["Begun, or last login", "bytes 1 to 4", toInstant(created)],
    ["Sealed", "bytes 5 to 8", toInstant(sealed)],
    ["Refused from", "bytes 9 to 12", toInstant(expires)],
    [
      "Id",
      "bytes 13 to 28",
      markup`<code>${id}</code>
      <span class="soft">is public, 10 more stay secret</span>`,
    ],
    ["Text", "from byte 29 on", toText(text)],
  ]);
}

function toStored(
  { key, record }: NonNullable<CookieShown["stored"]>,
): Markup {
  const user = record?.user ? markup`<code>${record.user}</code>` : "nobody";
  return markup`<section aria-labelledby="stored">
  <h2 id="stored">What the store has</h2>
  <p>
    The key is a hash of the id, and so is the user’s: who steals the store can
    make no cookie of it.
  </p>
  ${
    toList([
      ["Key", "", markup`<code>${key}</code>`],
      ["Revision", "", record ? `${record.revision}` : "no record here yet"],
      ["User", "", user],
      ["Data", "", toText(record?.value ?? "")],
    ])
  }
</section>`;
}

function toList(
  rows: readonly [name: string, where: string, value: Markup | string][],
): Markup {
  const items = rows.map(([name, where, value]) =>
    markup`
    <div><dt>${name}<small>${where}</small></dt><dd>${value}</dd></div>`
  );
  return markup`<dl class="body">${items}</dl>`;
}

function toText(text: string): Markup {
  return markup`<pre tabindex="0"><code>${pretty(text)}</code></pre>`;
}

/** An object with a line for each key; what is none, as it begins. */
function pretty(text: string): string {
  try {
    const lines = Object.entries(JSON.parse(text)).map(([key, value]) =>
      `  "${key}": ${JSON.stringify(value)}`
    );
    return lines.length > 0 ? `{\n${lines.join(",\n")}\n}` : "{}";
  } catch {
    const more = text.length - 180;
    return more > 0 ? `${text.slice(0, 180)}… ${more} characters more` : text;
  }
}
