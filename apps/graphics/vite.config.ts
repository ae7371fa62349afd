import { defineConfig } from "vite";

// Each graphic is a page of its own with relative addresses, so that it runs under any path. In development the feed
// comes from `npm start`.
export default defineConfig({
  base: "./",
  build: { target: "es2022", rolldownOptions: { input: { index: "index.html", "burn-bar": "burn-bar.html" } } },
  server: { proxy: { "/api": { target: "http://127.0.0.1:8080", ws: true } } },
});
