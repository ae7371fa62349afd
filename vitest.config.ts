import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    setupFiles: ["./vitest.seed.config.ts"],
    include: [
      "packages/**/*.test.ts",
      "apps/**/*.test.{ts,tsx}",
      "models/**/*.test.ts",
      "sim/**/*.test.ts",
      "bench/**/*.test.ts",
      "chaos/**/*.test.ts",
      "scripts/**/*.test.ts",
      "charts/**/*.test.ts",
      "infra/**/*.test.ts",
      "loadtest/**/*.test.ts",
      "cluster-tests/**/*.test.ts",
      "tidy.test.ts",
    ],
    exclude: ["**/node_modules/**", "**/*.real.test.ts", "**/*.cluster.test.ts"],
    testTimeout: 30_000,
  },
});
