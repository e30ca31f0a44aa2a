/**
 * What `DurableObjectStore` asks of a namespace.
 *
 * @module
 */
import type { SessionObject } from "./session_object.ts";

/** What {@linkcode DurableObjectStore} uses of a `DurableObjectNamespace`. */
export interface SessionNamespace {
  /** The id of the object by this name. */
  idFromName(name: string): unknown;
  /** The object by an id, which must be a `SessionObject`. */
  get(id: unknown): unknown;
}

/** The objects of a store. */
export class SessionObjects {
  readonly #namespace: SessionNamespace;
  readonly #prefix: string;

  constructor(namespace: SessionNamespace, prefix: string) {
    this.#namespace = namespace;
    this.#prefix = prefix;
  }

  /** The one that keeps a session. */
  session(key: string): SessionObject {
    return this.#object(key);
  }

  /** The one that keeps the list of a user's sessions. */
  list(user: string): SessionObject {
    return this.#object(`user:${user}`);
  }

  #object(name: string): SessionObject {
    // A new stub each time: one that has failed stays broken.
    const id = this.#namespace.idFromName(`${this.#prefix}:${name}`);
    return this.#namespace.get(id) as SessionObject;
  }
}
