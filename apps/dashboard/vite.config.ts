import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// Relative addresses, so that the page works behind any path prefix. In development the feed comes from `npm start`.
export default defineConfig({
  base: "./",
  plugins: [react()],
  build: { target: "es2023", sourcemap: false, emptyOutDir: true },
  server: { proxy: { "/api": { target: "http://127.0.0.1:8080", ws: true } } },
});
