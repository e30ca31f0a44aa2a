// A visitor with a browser, as far as a server knows.

// Some frameworks do not stream to programs that they take for robots.
const USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Firefox/145.0";

/** What came back, with its body. */
export interface Page {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The names of the cookies that it set, with those that it removed. */
  readonly cookies: readonly string[];
}

/** Keeps cookies, does not follow redirects, and sends forms. */
export class Visitor {
  readonly base: string;
  readonly cookies: Map<string, string> = new Map();

  constructor(base: string) {
    this.base = base;
  }

  /** Asks for a page, and gives the response before its body has come. */
  async ask(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    const defaults: Record<string, string> = {
      "accept": "text/html,*/*;q=0.8",
      "user-agent": USER_AGENT,
      "sec-fetch-site": "same-origin",
      "sec-fetch-dest": "document",
      "origin": this.base,
      "cookie": [...this.cookies].map((pair) => pair.join("=")).join("; "),
    };
    for (const [name, value] of Object.entries(defaults)) {
      if (value && !headers.has(name)) headers.set(name, value);
    }
    const response = await fetch(new URL(path, this.base), {
      redirect: "manual",
      ...init,
      headers,
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]*)=([^;]*)/.exec(line) ?? [];
      if (/; *max-age=0/i.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }

  /** Asks for a page, and reads all of it. */
  async get(path: string, init?: RequestInit): Promise<Page> {
    const response = await this.ask(path, init);
    const { status, headers } = response;
    const cookies = headers.getSetCookie()
      .map((line) => line.slice(0, line.indexOf("=")));
    const text = await response.text();
    // React parts texts by comments.
    return { status, headers, cookies, text: text.replace(/<!--.*?-->/g, "") };
  }

  /** Sends a form of a page, found by its `id`. */
  async send(
    page: string,
    id: string,
    fields: Record<string, string> = {},
    headers?: Record<string, string>,
  ): Promise<Page> {
    const { text } = await this.get(page);
    const form = formOf(text, id);
    const all = { ...form.fields, ...fields };
    const init = { method: "POST", body: bodyOf(form, all) };
    const path = form.action || page;
    return await this.get(path, { ...init, ...headers && { headers } });
  }

  /** The name of the session's cookie, if the visitor has one. */
  get sessionCookie(): string | undefined {
    return [...this.cookies.keys()].find(isSession);
  }
}

/** Whether a cookie is that of the session. */
export function isSession(name: string): boolean {
  return /^(__Host-)?sid(-\d+)?$/.test(name);
}

/** Where a form of a page goes. */
export function actionOf(text: string, id: string): string {
  return formOf(text, id).action;
}

/** A form of a page. */
export interface Form {
  /** Where it goes; `""` if to the page itself. */
  readonly action: string;
  /** Whether its body has parts. */
  readonly isMultipart: boolean;
  /** The fields that nobody sees. */
  readonly fields: Readonly<Record<string, string>>;
}

/** Reads a form of a page. */
export function formOf(text: string, id: string): Form {
  const forms = text.match(/<form\b[^]*?<\/form>/g) ?? [];
  const form = forms.find((each) => valueOf(each, "id") === id);
  const action = form && valueOf(form, "action");
  if (form === undefined || action === undefined) {
    throw new Error(`the page has no form "${id}"`);
  }
  const hidden = (form.match(/<input\b[^>]*>/g) ?? [])
    .filter((input) => valueOf(input, "type") === "hidden")
    .map((input) => [valueOf(input, "name"), valueOf(input, "value") ?? ""]);
  return {
    action,
    isMultipart: valueOf(form, "enctype") === "multipart/form-data",
    fields: Object.fromEntries(hidden),
  };
}

/** An attribute of the first tag of a text. */
function valueOf(text: string, attribute: string): string | undefined {
  const [tag = ""] = /^<[^>]*>/.exec(text) ?? [];
  const [, value] = RegExp(`\\s${attribute}="([^"]*)"`, "i").exec(tag) ?? [];
  return value?.replaceAll("&amp;", "&");
}

function bodyOf(
  { isMultipart }: Form,
  fields: Readonly<Record<string, string>>,
): FormData | URLSearchParams {
  const body = isMultipart ? new FormData() : new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  return body;
}
