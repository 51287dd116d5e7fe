// How every published package is built: ESM as the source of truth, CommonJS beside it, declarations for both.
import { defineConfig, type Options } from 'tsup';

/** The tsup configuration of a published package, given its entry files relative to the package. */
export function library(entry: string[], extra: Options = {}) {
  return defineConfig({
    entry,
    format: ['esm', 'cjs'],
    target: 'node20',
    platform: 'neutral',
    // `#kernels` and the like are chosen by the conditions of whoever runs the package, not when it is built.
    external: [/^#/, /^node:/],
    removeNodeProtocol: false,
    splitting: entry.length > 1,
    sourcemap: true,
    clean: true,
    dts: true,
    shims: true,
    ...extra,
  });
}
