// A session as most programs have one, after how express-session works: the
// cookie is an id, and the store has one text for each. It is read when the
// request begins, and all of it is written when the request ends.

/** What it holds. */
export interface NaiveData {
  user?: string;
  stars?: number;
}

/** The store: the last write wins. */
export class NaiveStore {
  readonly #texts: Map<string, string> = new Map();

  load(id: string): NaiveData {
    return JSON.parse(this.#texts.get(id) ?? "{}");
  }

  save(id: string, data: NaiveData): void {
    this.#texts.set(id, JSON.stringify(data));
    const [oldest] = this.#texts.keys();
    if (this.#texts.size > 1_000) this.#texts.delete(oldest as string);
  }

  destroy(id: string): void {
    this.#texts.delete(id);
  }
}

/** The id in a request's cookie. */
export function naiveIdOf(request: Request): string | undefined {
  const cookies = request.headers.get("cookie") ?? "";
  return /(?:^|; )naive=([0-9a-f-]{36})(?:;|$)/.exec(cookies)?.[1];
}

/** The `Set-Cookie` of an id. */
export function naiveCookie(id: string): string {
  return `naive=${id}; Path=/race; HttpOnly; SameSite=Lax`;
}
