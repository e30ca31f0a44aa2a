import { defineConfig } from "vitest/config";

// The other files are for other runners.
export default defineConfig({ test: { include: ["tests/vitest.test.ts"] } });
