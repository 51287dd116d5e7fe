// What the linter forbids. Types are known to the rules through the few programs that the compiler checks.
import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** The modules without I/O, which may not know which engine they run in. */
const sansIO = [
  'packages/codec/src/**/*.ts',
  'packages/deflate/src/**/*.ts',
  'packages/handshake/src/**/*.ts',
  'packages/permessage-deflate/src/{negotiation,negotiation-entry,negotiation-error,options,parameters}.ts',
];

const tests = [
  'packages/*/test/**/*.ts',
  'tools/*/test/**/*.ts',
  'tools/contract/hostile/test/**/*.ts',
  'autobahn/test/**/*.ts',
];

/** One program for all of Node: with one for each folder (`projectService`) linting takes twice as long. */
const PROGRAMS = ['tsconfig.json', 'tools/examples/tsconfig.json'];

/** Scripts and settings: linted, but by the rules that need no types. */
const untyped = ['**/*.js', '**/*.mjs', '**/*.cjs', '*.config.ts', 'tools/build/*.ts'];

export default defineConfig(
  globalIgnores([
    '**/dist/',
    '**/coverage/',
    '**/node_modules/',
    '.cache/',
    '**/.turbo/',
    '**/fixtures/',
    // AssemblyScript, which has a compiler of its own, and what that makes.
    'packages/deflate/assembly/*.ts',
    'packages/deflate/*/generated/',
    // Programs of users, in every style that they may have.
    'packages/framewire/test/types-beside/',
    'packages/framewire/test/types-corpus/',
    'packages/*/examples/**/public/',
  ]),
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    languageOptions: { parserOptions: { project: PROGRAMS, tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
      'no-template-curly-in-string': 'error',
      'object-shorthand': 'error',
      'prefer-template': 'error',
      'no-restricted-syntax': [
        'error',
        {
          selector:
            'MemberExpression[property.name="pathname"] > NewExpression[callee.name="URL"] MetaProperty',
          message: 'On Windows, only fileURLToPath() returns a path.',
        },
        {
          selector: 'CallExpression[callee.name=/^symlink/]:not([arguments.2.value="junction"])',
          message: 'On Windows, only a "junction" needs no privilege.',
        },
      ],

      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: false },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // `while (true)` reads as the loop it is; any other constant condition is a slip.
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      // Arrow functions that only call a listener are everywhere in code about events.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // `!` is not written outside of tests; `as` says what the value is.
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      // An empty method is how a default is spelled in an interface of hooks.
      '@typescript-eslint/no-empty-function': 'off',
      // Hot loops count bytes and index them; a rule about how loops look would be a rule against measuring.
      '@typescript-eslint/prefer-for-of': 'off',
      // A class beside an interface of the same name is refused by the compiler settings already.
      '@typescript-eslint/no-extraneous-class': ['error', { allowStaticOnly: false, allowEmpty: true }],
      // Class and interface are told apart by what is written, not by taste.
      '@typescript-eslint/consistent-type-definitions': 'off',
      // `||` on strings and numbers says "empty counts as missing", which `??` does not.
      '@typescript-eslint/prefer-nullish-coalescing': [
        'error',
        { ignorePrimitives: true, ignoreConditionalTests: true },
      ],
    },
  },
  {
    files: sansIO,
    ignores: ['packages/*/src/kernels/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: ['node:*'], message: 'A sans-I/O package meets its engine in src/kernels/ only.' },
          ],
        },
      ],
      'no-restricted-globals': [
        'error',
        ...['Buffer', 'process', 'setImmediate', 'setTimeout', 'setInterval', 'require', '__dirname'].map(
          (name) => ({
            name,
            message: 'A sans-I/O package meets its engine in src/kernels/ only.',
          }),
        ),
      ],
    },
  },
  {
    files: tests,
    rules: {
      // A test says what is there; when it is not, the test fails where it says so.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      // Listeners, mocks and matchers are handed around as plain functions.
      '@typescript-eslint/unbound-method': 'off',
      // What a peer sends or a table misses is probed on purpose.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      // A message is compared as text, whichever of its forms it came in: what it is, the comparison proves.
      '@typescript-eslint/no-base-to-string': 'off',
      // A double has what the test needs of the class that it stands in for.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
    },
  },
  {
    // Tools and examples talk to the person at the terminal.
    files: ['tools/**', 'packages/*/examples/**', 'autobahn/**', 'docs/**'],
    rules: { 'no-console': 'off' },
  },
  {
    files: untyped,
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: {
      globals: {
        console: 'readonly',
        process: 'readonly',
        Buffer: 'readonly',
        URL: 'readonly',
        URLSearchParams: 'readonly',
        fetch: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        crypto: 'readonly',
        document: 'readonly',
        window: 'readonly',
        WebSocket: 'readonly',
        location: 'readonly',
        performance: 'readonly',
        require: 'readonly',
        module: 'writable',
        requestAnimationFrame: 'readonly',
        AbortSignal: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
        getComputedStyle: 'readonly',
        matchMedia: 'readonly',
        ResizeObserver: 'readonly',
      },
    },
  },
);
