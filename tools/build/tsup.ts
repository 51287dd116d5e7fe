// How tsup bundles a package: each entry as an ECMAScript module, with its declarations. finish.ts converts both into the published files.
import { defineConfig, type Options } from 'tsup';

/** The tsup configuration of a published package, given its entry files relative to the package. */
export function library(entry: string[], extra: Options = {}) {
  return defineConfig({
    entry,
    format: ['esm'],
    target: 'node20',
    platform: 'neutral',
    // Imports such as `#kernels` are resolved when a program loads the package, by the conditions of that program.
    external: [/^#/, /^node:/],
    removeNodeProtocol: false,
    splitting: entry.length > 1,
    clean: true,
    // Only the package itself loads a kernel, so kernels need no declarations.
    dts: { entry: entry.filter((file) => !file.includes('/kernels/')) },
    ...extra,
  });
}
