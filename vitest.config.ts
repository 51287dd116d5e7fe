// How tests run: against the sources, or with FRAMEWIRE_BUILT=1 against what `npm run build` made, as an installed package would be.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

const built = process.env['FRAMEWIRE_BUILT'] === '1';
/** Whether `@framewire/deflate` is the build of it that checks each access to memory. */
const checked = process.env['FRAMEWIRE_CHECKED'] === '1';
const conditions = built ? ['node'] : ['@framewire/source', 'node'];

/** What meets no engine and no socket: every branch of it can be tested, so every branch is. */
const everyBranch = { branches: 100 };

/** Globs of files to leave out, one a line: `--exclude` does not reach the projects below. */
const left = (process.env['FRAMEWIRE_EXCLUDE'] ?? '').split('\n').filter(Boolean);
const files = [
  'packages/*/test/**/*.test.ts',
  'packages/*/examples/*/test/**/*.test.ts',
  'tools/*/test/**/*.test.ts',
  'tools/contract/hostile/test/**/*.test.ts',
  'autobahn/test/**/*.test.ts',
];
/** Files that replace what modules read when they load: each has modules of its own. The others share theirs, in half of the time. */
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
    // Long enough for a browser that starts while two other files keep both cores busy. A test that needs longer says so itself.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // What the sources of deflate are compiled to, where it is not up to date.
    globalSetup: built ? [] : ['packages/deflate/assembly/compile.mjs'],
    pool: 'forks',
    // One more than there are cores: most tests wait for a socket or a child process, not for the processor.
    maxWorkers: availableParallelism() + 1,
    // Built packages are loaded by the engine itself, as installed ones are: nothing is transformed on the way.
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
