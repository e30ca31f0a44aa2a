import { defineConfig } from "nitro";

export default defineConfig({
  serverDir: true,
  compatibilityDate: "2026-11-01",
  routeRules: { "/cached": { swr: 60 } },
});
