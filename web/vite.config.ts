import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

const here = (path: string) => new URL(path, import.meta.url).pathname;

/** What `make demo` serves, to develop against with `npm run dev`. */
const server = "http://127.0.0.1:8420";

export default defineConfig({
  plugins: [svelte()],
  resolve: { alias: { "@freshet/client": here("../clients/js/src/index.ts") } },
  build: {
    outDir: here("../src/freshet/demo/page"),
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0, // the page's policy lets in files of ours, and no data: addresses
    modulePreload: { polyfill: false }, // an inline script, which the policy forbids
    reportCompressedSize: true,
  },
  server: { proxy: Object.fromEntries(["/v1", "/demo", "/media"].map((path) => [path, server])) },
  test: { environment: "node", include: ["test/**/*.test.ts"] },
});
