export declare const root: string;
export declare const portableFolders: readonly string[];
export declare const runtimes: Record<
  "node" | "node22" | "deno" | "bun",
  string
>;
