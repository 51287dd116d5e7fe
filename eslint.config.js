// The rules of the linter. Rules that need types use the same programs as the compiler.
import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** The modules without I/O. They run in every JavaScript engine, so they must not use Node. */
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

/** Two large programs. With one for each folder (`projectService`), linting takes twice as long. */
const PROGRAMS = ['tsconfig.json', 'tools/examples/tsconfig.json'];

/** Scripts and configuration files. Only the rules that need no types apply to them. */
const untyped = ['**/*.js', '**/*.mjs', '**/*.cjs', '*.config.ts', 'tools/build/*.ts'];

export default defineConfig(
  globalIgnores([
    '**/dist/',
    '**/coverage/',
    '**/node_modules/',
    '.cache/',
    '**/.turbo/',
    '**/fixtures/',
    // AssemblyScript, which has its own compiler, and the output of that compiler.
    'packages/deflate/assembly/*.ts',
    'packages/deflate/*/generated/',
    // Test programs that imitate the code of users, in any style.
    'packages/framewire/test/types-beside/',
    'packages/framewire/test/types-corpus/',
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
      // `while (true)` is a deliberate loop. Any other constant condition is a mistake.
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      // Code with many listeners often has arrow functions that only call another function.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // The rule would suggest `!`, which is forbidden outside of tests. `as` also names the type.
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      // A hook that does nothing by default is an empty method.
      '@typescript-eslint/no-empty-function': 'off',
      // Hot loops over bytes use an index, because that is faster.
      '@typescript-eslint/prefer-for-of': 'off',
      // A module of NestJS is an empty class with a decorator.
      '@typescript-eslint/no-extraneous-class': ['error', { allowEmpty: true }],
      // Both `interface` and `type` may declare the type of an object.
      '@typescript-eslint/consistent-type-definitions': 'off',
      // `||` treats an empty string and 0 as missing. `??` does not.
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
            { group: ['node:*'], message: "Code without I/O may use Node's modules only in src/kernels/." },
          ],
        },
      ],
      'no-restricted-globals': [
        'error',
        ...['Buffer', 'process', 'setImmediate', 'setTimeout', 'setInterval', 'require', '__dirname'].map(
          (name) => ({
            name,
            message: 'Code without I/O may use this global only in src/kernels/.',
          }),
        ),
      ],
    },
  },
  {
    files: tests,
    rules: {
      // If a value is missing, the test fails in the line that uses it.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      // Tests pass methods as listeners, mocks and matchers.
      '@typescript-eslint/unbound-method': 'off',
      // Tests deliberately check for values that the types exclude.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      // Tests compare messages as text, whatever type their data has. Data of the wrong type fails the comparison.
      '@typescript-eslint/no-base-to-string': 'off',
      // A test double has only those members of a class that the test needs.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
    },
  },
  {
    // Tools and examples print to the terminal.
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
