// The page is built into the Python package, each file also compressed: the node only hands files out.
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";

const OUT = "../src/skywitness/views/web";
const LEAST = 512;

function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    closeBundle() {
      const walk = (folder: string): void => {
        for (const name of readdirSync(folder)) {
          const path = join(folder, name);
          if (statSync(path).isDirectory()) walk(path);
          else if (!/\.(gz|br|png|woff2)$/.test(name) && statSync(path).size >= LEAST) {
            // The plain file goes: for the rare client that takes neither the node unpacks the .gz.
            const body = readFileSync(path);
            writeFileSync(`${path}.gz`, gzipSync(body, { level: 9 }));
            const params = { [constants.BROTLI_PARAM_QUALITY]: body.length > 3e6 ? 9 : 11 };
            writeFileSync(`${path}.br`, brotliCompressSync(body, { params }));
            rmSync(path);
          }
        }
      };
      walk(OUT);
    },
  };
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  base: "./",
  resolve: {
    alias: [
      { find: /^maplibre-gl$/, replacement: here("maplibre/index.mjs") },
      { find: "@maplibre/mlt", replacement: here("maplibre/no_mlt.mjs") },
      { find: "bidi-js", replacement: here("maplibre/no_bidi.mjs") },
    ],
  },
  worker: { format: "es" },
  // MapLibre's sources declare fields of a base class anew: such a declaration must not become a field of its own.
  oxc: { typescript: { removeClassFieldsWithoutInitializer: true }, assumptions: { setPublicClassFields: true } },
  plugins: [compressed()],
  build: {
    outDir: OUT,
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 2000,
  },
  server: {
    // `npm run dev` beside a running node: SKYWITNESS_URL says where it is.
    proxy: Object.fromEntries(
      ["/api", "/data", "/globe_history", "/map"].map((path) => [
        path,
        { target: process.env["SKYWITNESS_URL"] ?? "http://127.0.0.1:8480", ws: true },
      ]),
    ),
  },
});
