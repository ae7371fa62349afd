import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// Relative addresses, so that the page works behind any path prefix. In development the feed comes from `npm start`.
export default defineConfig(({ command }) => {
  // Whoever starts the build may hand on its own NODE_ENV, as test runners do; React would then be built for debugging.
  if (command === "build") process.env.NODE_ENV = "production";
  return {
    base: "./",
    plugins: [react()],
    build: { target: "es2023", sourcemap: false, emptyOutDir: true },
    server: { proxy: { "/api": { target: "http://127.0.0.1:8080", ws: true } } },
  };
});
