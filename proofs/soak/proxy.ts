// A TCP proxy in front of a server, with the faults of a network.

import type { Buffer } from "node:buffer";
import { once } from "node:events";
import {
  type AddressInfo,
  connect,
  createServer,
  type Server,
  type Socket,
} from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { StoreName } from "./clients.ts";
import type { Random } from "./random.ts";
import { answerOn, isReady, isWhole, repeat } from "./wire.ts";

/**
 * How likely something happens to what a client sends.
 *
 * - `cut`: the connection breaks before the server gets it.
 * - `lose`: the server gets it, and the connection breaks before the answer.
 * - `tear`: half of the answer arrives, then the connection breaks.
 * - `delay`: it arrives, or its answer does, up to 3 s later.
 * - `duplicate`: it arrives twice, the second time on another connection; the
 *   client gets the second answer, or none.
 * - `close`: one direction is closed after it, the other stays open.
 */
export type Mischief =
  | "cut"
  | "lose"
  | "tear"
  | "delay"
  | "duplicate"
  | "close";

/** What the network does now. */
export type Weather = Partial<Record<Mischief, number>>;

const LONGEST_DELAY = 3000;

/** A proxy that runs. */
export class Proxy {
  weather: Weather = {};
  /** How often each fault has happened. */
  readonly done: Partial<Record<Mischief, number>> = {};
  readonly store: StoreName;
  readonly random: Random;
  readonly #server: Server;
  readonly #links: Set<Link> = new Set();
  #target: number;
  #isOpen = true;
  #gate: Promise<void> = Promise.resolve();
  #release: () => void = () => {};

  constructor(store: StoreName, target: number, random: Random) {
    this.store = store;
    this.#target = target;
    this.random = random;
    this.#server = createServer({ allowHalfOpen: true }, (client) => {
      client.on("error", () => {});
      if (!this.#isOpen) return void client.destroy();
      const link = new Link(this, client);
      this.#links.add(link);
      client.once("close", () => this.#links.delete(link));
    });
  }

  async listen(): Promise<number> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return (this.#server.address() as AddressInfo).port;
  }

  /** Where the server is; connections to the one before break. */
  get target(): number {
    return this.#target;
  }

  set target(port: number) {
    this.#target = port;
    this.cutAll();
  }

  /** Breaks all connections. */
  cutAll(): void {
    for (const link of this.#links) link.cut();
  }

  /** Whether new connections are taken. */
  set isOpen(isOpen: boolean) {
    this.#isOpen = isOpen;
    if (!isOpen) this.cutAll();
  }

  /** Nothing arrives any more, in either direction, until `flow()`. */
  hold(): void {
    this.#gate = new Promise((resolve) => this.#release = resolve);
  }

  flow(): void {
    this.#release();
  }

  passed(): Promise<void> {
    return this.#gate;
  }

  /** Whether a fault happens now. */
  strikes(mischief: Mischief): boolean {
    const isHit = this.random.chance(this.weather[mischief] ?? 0);
    if (isHit) this.done[mischief] = (this.done[mischief] ?? 0) + 1;
    return isHit;
  }

  async stop(): Promise<void> {
    this.flow();
    this.isOpen = false;
    this.#server.close();
    await once(this.#server, "close");
  }
}

/** One connection of a client. */
class Link {
  readonly #proxy: Proxy;
  readonly #client: Socket;
  readonly #server: Socket;
  #hello: Buffer | undefined;
  /** What is sent is sent in order, whatever delays it. */
  #up: Promise<void> = Promise.resolve();
  #down: Promise<void> = Promise.resolve();
  /** What happens to the next bytes of an answer. */
  #fate: "pass" | "lose" | "tear" | "swallow" = "pass";

  constructor(proxy: Proxy, client: Socket) {
    this.#proxy = proxy;
    this.#client = client;
    const options = {
      port: proxy.target,
      host: "127.0.0.1",
      allowHalfOpen: true,
    };
    this.#server = connect(options).setNoDelay();
    client.setNoDelay();
    client.on("data", (chunk: Buffer) => {
      this.#up = this.#up.then(() => this.#send(chunk));
    });
    client.on("end", () => {
      this.#up = this.#up.then(() => void this.#server.end());
    });
    client.on("close", () => {
      this.#up = this.#up.then(() => void this.#server.end());
    });
    this.#server.on("data", (chunk: Buffer) => {
      this.#down = this.#down.then(() => this.#answer(chunk));
    });
    this.#server.on("end", () => {
      this.#down = this.#down.then(() => void client.end());
    });
    this.#server.on("error", () => this.cut());
    this.#server.on("close", () => {
      this.#down = this.#down.then(() => void client.destroy());
    });
  }

  cut(): void {
    this.#client.destroy();
    this.#server.destroy();
  }

  async #send(chunk: Buffer): Promise<void> {
    const proxy = this.#proxy;
    await proxy.passed();
    if (this.#server.destroyed) return;
    if (!this.#hello) {
      this.#hello = chunk;
      return void this.#server.write(chunk);
    }
    if (proxy.strikes("delay")) await sleep(this.#length());
    if (proxy.strikes("cut")) return this.cut();
    if (proxy.strikes("lose")) this.#fate = "lose";
    else if (proxy.strikes("tear")) this.#fate = "tear";
    else if (isWhole(proxy.store, chunk) && proxy.strikes("duplicate")) {
      return await this.#repeat(chunk);
    }
    this.#server.write(chunk);
    if (!proxy.strikes("close")) return;
    if (proxy.random.chance(0.5)) this.#server.end();
    else this.#client.end();
  }

  async #answer(chunk: Buffer): Promise<void> {
    const proxy = this.#proxy;
    await proxy.passed();
    if (this.#fate === "swallow") return;
    if (this.#fate === "lose") return this.cut();
    if (this.#fate === "tear") {
      const half = chunk.subarray(0, Math.floor(chunk.length / 2));
      this.#client.write(half, () => this.cut());
      this.#fate = "swallow";
      return;
    }
    if (proxy.strikes("delay")) await sleep(this.#length());
    if (!this.#client.destroyed) this.#client.write(chunk);
  }

  /** Sends it, and when it has been done, sends it again. */
  async #repeat(chunk: Buffer): Promise<void> {
    const { store, target } = this.#proxy;
    this.#fate = "swallow";
    this.#server.write(chunk);
    try {
      await answerOn(this.#server);
      const hello = this.#hello as Buffer;
      const second = await repeat(store, target, hello, chunk);
      // Others send more before they have an answer, so one could be swapped
      // for another's.
      if (store !== "postgres" || !isReady(second)) return this.cut();
      this.#fate = "pass";
      for (const each of second) this.#client.write(each);
    } catch {
      this.cut();
    }
  }

  /** Most delays are short. */
  #length(): number {
    return this.#proxy.random.next() ** 3 * LONGEST_DELAY;
  }
}
