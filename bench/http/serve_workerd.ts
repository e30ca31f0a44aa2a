import { MemoryStore } from "../../stores/memory.ts";
import { type Fetch, makeApp } from "./app.ts";

interface Env {
  readonly SECRET: string;
  readonly STORE: string;
}

let app: Fetch | undefined;

const worker: {
  fetch(request: Request, env: Env): Response | Promise<Response>;
} = {
  fetch(request, { SECRET, STORE }) {
    app ??= makeApp({
      secret: SECRET,
      store: STORE === "memory" ? new MemoryStore() : undefined,
    });
    return app(request);
  },
};

export { worker as default };
