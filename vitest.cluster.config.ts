import { defineConfig } from "vitest/config";

// Tests on a real Kubernetes, given by KUBECONFIG. They share one cluster, so one file runs after the other.
export default defineConfig({
  test: {
    include: ["**/*.cluster.test.ts"],
    exclude: ["**/node_modules/**"],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    fileParallelism: false,
  },
});
