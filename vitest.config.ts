// How tests run: against the sources, or with FRAMEWIRE_BUILT=1 against the output of `npm run build`, loaded like installed packages.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

const built = process.env['FRAMEWIRE_BUILT'] === '1';
/** Whether tests use the build of `@framewire/deflate` that checks each access to memory. */
const checked = process.env['FRAMEWIRE_CHECKED'] === '1';
const conditions = built ? ['node'] : ['@framewire/source', 'node'];

/** Tests must reach every branch of code that uses neither an engine's API nor sockets. */
const everyBranch = { branches: 100 };

/** Globs of files that do not run, one per line. The projects below ignore `--exclude`. */
const left = (process.env['FRAMEWIRE_EXCLUDE'] ?? '').split('\n').filter(Boolean);
const files = [
  'packages/*/test/**/*.test.ts',
  'packages/*/examples/*/test/**/*.test.ts',
  'tools/*/test/**/*.test.ts',
  'tools/contract/hostile/test/**/*.test.ts',
  'autobahn/test/**/*.test.ts',
];
/** Files that replace what modules read when they load, so each loads its own modules. The others share modules, which is twice as fast. */
const alone = ['packages', 'tools']
  .flatMap((folder) => readdirSync(folder).map((name) => `${folder}/${name}/test`))
  .flatMap((folder) => (existsSync(folder) ? readdirSync(folder).map((name) => `${folder}/${name}`) : []))
  .filter((file) => file.endsWith('.test.ts'))
  .filter((file) => /fake-timers|vi\.(doMock|resetModules)/.test(readFileSync(file, 'utf8')));

export default defineConfig({
  resolve: {
    conditions,
    alias: checked
      ? [
          {
            find: /^\.\/generated\/module\.ts$/,
            replacement: `${import.meta.dirname}/packages/deflate/test/generated/checked.ts`,
          },
        ]
      : [],
  },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'shared',
          include: files,
          exclude: [...configDefaults.exclude, ...left, ...alone],
          isolate: false,
        },
      },
      {
        extends: true,
        test: { name: 'alone', include: alone, exclude: [...configDefaults.exclude, ...left] },
      },
    ],
    // Long enough for a browser that starts while two other files keep both cores busy. A test that needs longer sets its own limit.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Compiles the AssemblyScript of deflate if its output is out of date.
    globalSetup: built ? [] : ['packages/deflate/assembly/compile.mjs'],
    pool: 'forks',
    // One more than the number of cores, because most tests wait for a socket or a child process.
    maxWorkers: availableParallelism() + 1,
    // The engine itself loads built packages, as it loads installed ones. Vite does not transform them.
    server: { deps: { external: built ? [/\/packages\/[^/]+\/dist\//] : [] } },
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**'],
      reporter: ['text-summary', 'json-summary'],
      reportOnFailure: true,
      thresholds: {
        autoUpdate: false,
        'packages/codec/src/**': everyBranch,
        'packages/deflate/src/**': everyBranch,
        'packages/handshake/src/**': everyBranch,
        'packages/permessage-deflate/src/{negotiation,negotiation-error,options,parameters}.ts': everyBranch,
      },
    },
  },
});
