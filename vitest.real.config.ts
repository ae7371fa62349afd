import { defineConfig } from "vitest/config";

// Tests that need more than Node and the repository: Chromium, NATS, Redis, helm, real recordings in ../shared. What is
// missing fails, it never skips.
export default defineConfig({
  test: {
    setupFiles: ["./vitest.seed.config.ts"],
    include: ["**/*.real.test.ts"],
    exclude: ["**/node_modules/**"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
});
