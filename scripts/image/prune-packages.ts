import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

/**
 * Runs beside node_modules, after npm ci: onnxruntime-node brings its library for every platform, 288 MB, of which one
 * is ever loaded. The stage that runs this is of the platform that the image is for.
 */
const BINARIES = "node_modules/onnxruntime-node/bin";

for (const napi of foldersIn(BINARIES)) {
  for (const platform of foldersIn(join(BINARIES, napi))) {
    for (const arch of foldersIn(join(BINARIES, napi, platform))) {
      const isOurs = platform === process.platform && arch === process.arch;
      if (!isOurs) rmSync(join(BINARIES, napi, platform, arch), { recursive: true });
    }
  }
}

function foldersIn(path: string): string[] {
  return existsSync(path) ? readdirSync(path) : [];
}
