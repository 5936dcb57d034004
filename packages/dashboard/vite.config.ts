import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { type Plugin, defineConfig } from "vite";

/** Where `npm run dev -w @kagzi/dashboard` finds a server. */
const SERVER = process.env["KAGZI_URL"] ?? "http://127.0.0.1:50051";

/** The best costs seconds, and saves no twentieth. */
const QUALITY = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };

export default defineConfig({
  // Relative to the base of the page, which the server sets.
  base: "./",
  plugins: [react(), compressed()],
  build: {
    outDir: "dist/site",
    emptyOutDir: true,
    target: "es2023",
    cssTarget: ["chrome123", "firefox121", "safari17.5"],
    reportCompressedSize: false,
    // What is inline would be against the policy that the server sends along.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
  server: { proxy: { "^/(kagzi\\.v1|grpc)\\.": SERVER } },
});

/** Compresses once, here, what the server would have to compress for each browser. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    writeBundle({ dir = "" }) {
      const assets = join(dir, "assets");
      for (const name of readdirSync(assets)) {
        const bytes = readFileSync(join(assets, name));
        writeFileSync(join(assets, `${name}.br`), brotliCompressSync(bytes, QUALITY));
        writeFileSync(join(assets, `${name}.gz`), gzipSync(bytes, { level: 9 }));
      }
    },
  };
}
