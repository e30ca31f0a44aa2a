// Which store a visitor looks at. It is no secret and decides nothing but that,
// so it is a plain cookie.

/** What a visitor has chosen. */
export interface Choice {
  readonly kind: string;
  /** How late the KV is, in seconds. */
  readonly delay: number;
}

/** The shortest and the longest delay, the steps between, and the usual one. */
export const DELAY = { min: 0, max: 60, step: 5, usual: 30 } as const;

const NAME = "demo-store";

/** What the browser says, as far as there is such a thing. */
export function readChoice(
  request: Request,
  kinds: readonly string[],
  usual: string,
): Choice {
  const pair = new RegExp(`(?:^|; )${NAME}=([a-z-]+)\\.(\\d{1,2})(?:;|$)`);
  const found = pair.exec(request.headers.get("cookie") ?? "");
  return {
    kind: kinds.find((kind) => kind === found?.[1]) ?? usual,
    delay: delayOf(found?.[2] ?? DELAY.usual),
  };
}

/** A delay that the slider has. */
export function delayOf(value: unknown): number {
  const { min, max, step, usual } = DELAY;
  const delay = Number(value);
  if (!(delay >= min && delay <= max)) return usual;
  return Math.round(delay / step) * step;
}

/** The `Set-Cookie` of a choice. */
export function writeChoice({ kind, delay }: Choice): string {
  return `${NAME}=${kind}.${delay}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax`;
}
