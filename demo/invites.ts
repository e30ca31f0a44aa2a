/** What a link that signs another browser in stands for. */
export interface Invite {
  readonly kind: string;
  readonly userId: string;
}

const FIVE_MINUTES = 300_000;
const MOST = 200;

/** Links that are good once, and for five minutes. */
export class Invites {
  readonly #invites: Map<string, Invite & { readonly ends: number }> =
    new Map();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Makes a link's code. */
  make(invite: Invite): string {
    const code = crypto.randomUUID();
    this.#invites.set(code, { ...invite, ends: this.#now() + FIVE_MINUTES });
    const [oldest] = this.#invites.keys();
    if (this.#invites.size > MOST) this.#invites.delete(oldest as string);
    return code;
  }

  /** What a code stands for, as long as it is good. */
  read(code: string): Invite | undefined {
    const invite = this.#invites.get(code);
    return invite && invite.ends > this.#now() ? invite : undefined;
  }

  /** The same, and nobody can use it again. */
  take(code: string): Invite | undefined {
    const invite = this.read(code);
    this.#invites.delete(code);
    return invite;
  }
}
