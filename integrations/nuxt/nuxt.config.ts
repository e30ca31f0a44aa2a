export default defineNuxtConfig({
  compatibilityDate: "2026-11-01",
  telemetry: false,
  experimental: { ssrStreaming: true },
  routeRules: {
    "/**": { streaming: false },
    "/stream": { streaming: true },
    "/about": { prerender: true },
    "/cached": { swr: 60 },
  },
});
