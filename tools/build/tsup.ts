// How every published package is bundled: each entry as an ECMAScript module, with its declarations. finish.ts makes of them
// what the package publishes.
import { defineConfig, type Options } from 'tsup';

/** The tsup configuration of a published package, given its entry files relative to the package. */
export function library(entry: string[], extra: Options = {}) {
  return defineConfig({
    entry,
    format: ['esm'],
    target: 'node20',
    platform: 'neutral',
    // `#kernels` and the like are chosen by the conditions of the program that runs the package, not when it is built.
    external: [/^#/, /^node:/],
    removeNodeProtocol: false,
    splitting: entry.length > 1,
    clean: true,
    // A kernel is loaded by this package alone.
    dts: { entry: entry.filter((file) => !file.includes('/kernels/')) },
    ...extra,
  });
}
