import { defineConfig } from 'vitest/config';

// Tests run against the sources; FRAMEWIRE_BUILT=1 runs them against what `npm run build` made, as an installed package would be.
const conditions = process.env['FRAMEWIRE_BUILT'] ? ['node', 'module-sync'] : ['@framewire/source', 'node'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: [
      'packages/*/test/**/*.test.ts',
      'packages/*/examples/*/test/**/*.test.ts',
      'tools/*/test/**/*.test.ts',
    ],
    testTimeout: 20_000,
    pool: 'forks',
    coverage: { provider: 'v8', include: ['packages/*/src/**'], reporter: ['text-summary', 'json-summary'] },
  },
});
