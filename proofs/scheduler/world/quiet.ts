import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  hkdfSync,
  KeyObject,
} from "node:crypto";
import { setImmediate as realImmediate } from "node:timers";
import { actors, nextName, type Scheduler, writes } from "./scheduler.ts";

// Between two steps everything must have come to rest. All code of the library
// runs in microtasks, but for what WebCrypto and a back end do. WebCrypto is
// answered at once, by the same functions of node:crypto; what a back end does
// is counted. After a turn of the loop in which nothing was on its way, nothing
// runs any more: what moved all the same is seen by the scheduler (`early`).

let outstanding = 0;

/** Counts a promise as something that is on its way. */
export async function counted<Value>(
  work: () => Promise<Value> | Value,
): Promise<Value> {
  outstanding++;
  try {
    return await work();
  } finally {
    outstanding--;
  }
}

/** Waits until nothing runs. */
export async function quiet(): Promise<void> {
  do await new Promise<void>((resolve) => realImmediate(resolve)); while (
    outstanding
  );
}

type Bytes = Uint8Array<ArrayBuffer>;
interface Hkdf {
  readonly salt: Bytes;
  readonly info: Bytes;
}
interface Gcm {
  readonly iv: Bytes;
  readonly additionalData?: Bytes;
}

function bufferOf(...parts: readonly Uint8Array[]): ArrayBuffer {
  return Uint8Array.from(Buffer.concat(parts)).buffer;
}

/** Keys that were derived, by what they are for: runs have the same. */
const expanded = new WeakMap<CryptoKey, Map<string, ArrayBuffer>>();

function expand({ salt, info }: Hkdf, key: CryptoKey, bytes: number) {
  const known = expanded.get(key) ?? new Map<string, ArrayBuffer>();
  expanded.set(key, known);
  const name = `${bytes} ${Buffer.from(info).toString("latin1")}`;
  const found = known.get(name) ??
    hkdfSync("sha256", KeyObject.from(key), salt, info, bytes);
  if (known.size < 1_000) known.set(name, found);
  return found;
}

/** Secrets that were imported: a key for each text. */
const imported = new Map<string, Promise<CryptoKey>>();

/** What the library uses of WebCrypto, without another thread. */
const atOnce = {
  digest: (_name: string, data: Bytes) =>
    bufferOf(createHash("sha256").update(data).digest()),
  deriveBits: (hkdf: Hkdf, key: CryptoKey, bits: number) =>
    expand(hkdf, key, bits / 8),
  deriveKey: (
    hkdf: Hkdf,
    key: CryptoKey,
    { length }: { length: number },
    extractable: boolean,
    usages: KeyUsage[],
  ) =>
    createSecretKey(new Uint8Array(expand(hkdf, key, length / 8)))
      .toCryptoKey("AES-GCM", extractable, usages),
  encrypt({ iv, additionalData }: Gcm, key: CryptoKey, data: Bytes) {
    const cipher = createCipheriv("aes-256-gcm", KeyObject.from(key), iv);
    if (additionalData) cipher.setAAD(additionalData);
    return bufferOf(cipher.update(data), cipher.final(), cipher.getAuthTag());
  },
  decrypt({ iv, additionalData }: Gcm, key: CryptoKey, data: Bytes) {
    const box = new Uint8Array(Buffer.from(data as Uint8Array));
    const decipher = createDecipheriv("aes-256-gcm", KeyObject.from(key), iv);
    if (additionalData) decipher.setAAD(additionalData);
    decipher.setAuthTag(box.subarray(-16));
    return bufferOf(decipher.update(box.subarray(0, -16)), decipher.final());
  },
};

/** The scheduler that holds each call of WebCrypto, if one does. */
let holder: Scheduler | undefined;

/** Lets a scheduler hold calls of WebCrypto, too; or none any more. */
export function holdCrypto(scheduler: Scheduler | undefined): void {
  holder = scheduler;
}

async function answered(
  method: string,
  work: () => unknown,
): Promise<unknown> {
  const actor = actors.getStore();
  if (holder && actor) {
    await holder.hold({
      name: nextName(actor, method),
      process: actor.process,
      touches: [writes(`process ${actor.process}`)],
    });
  }
  return await counted(work);
}

/** Stands in for WebCrypto from now on. Returns how to stop that. */
export function replaceCrypto(): () => void {
  const home = Object.getPrototypeOf(crypto.subtle);
  const names = [...Object.keys(atOnce), "importKey", "sign", "verify"];
  const restores = names.map((method) => {
    const own = Object.getOwnPropertyDescriptor(home, method);
    if (!own) throw new Error(`SubtleCrypto has no ${method}`);
    const ours = atOnce[method as keyof typeof atOnce] as
      | ((...args: unknown[]) => unknown)
      | undefined;
    Object.defineProperty(home, method, {
      ...own,
      value(this: unknown, ...args: unknown[]) {
        const call = () => ours ? ours(...args) : own.value.apply(this, args);
        const isImport = method === "importKey" && args[0] === "raw";
        if (!isImport) return answered(method, call);
        const name = args.map((arg) =>
          ArrayBuffer.isView(arg)
            ? Buffer.from(arg as Bytes).toString("hex")
            : arg
        ).join();
        const key = imported.get(name) ?? call();
        imported.set(name, key);
        return answered(method, () => key);
      },
    });
    return () => Object.defineProperty(home, method, own);
  });
  return () => restores.forEach((restore) => restore());
}
