import { createRequire } from "node:module";

/** Where workerd's program is; miniflare brings it. */
export const workerd: string = createRequire(
  createRequire(import.meta.url).resolve("miniflare"),
)("workerd").default;

// Raise together with miniflare: a later date than its workerd's is refused.
const DATE = "2026-07-30";

/** What `workerd serve` is told. */
export interface WorkerSettings {
  readonly port: number;
  /** The name of a file beside the configuration. */
  readonly module: string;
  readonly flags?: readonly string[];
  /** Texts in its environment. */
  readonly bindings?: Readonly<Record<string, string>>;
}

/** A configuration of one Worker, for `workerd serve`. */
export function workerConfig(
  { port, module, flags = [], bindings = {} }: WorkerSettings,
): string {
  const texts = Object.entries(bindings)
    .map(([name, text]) => `(name = "${name}", text = "${text}")`);
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(
    name = "http", address = "127.0.0.1:${port}", http = (), service = "main"
  )]
);
const worker :Workerd.Worker = (
  modules = [(name = "${module}", esModule = embed "${module}")],
  bindings = [${texts.join(", ")}],
  compatibilityDate = "${DATE}",
  compatibilityFlags = [${flags.map((flag) => `"${flag}"`).join(", ")}]
);
`;
}
