// Programs with the types of `ws` are programs with ours: the same corpus is compiled against both, in both module modes.
import { mkdirSync, mkdtempSync, readdirSync, copyFileSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const require = createRequire(import.meta.url);
const corpus = fileURLToPath(new URL('types-corpus', import.meta.url));
const programs = readdirSync(corpus);

/** The folder that `import 'ws'` leads to for the types, by the name of what is tried. */
const targets = {
  framewire: { link: 'ws', folder: fileURLToPath(new URL('..', import.meta.url)) },
  '@types/ws': { link: '@types/ws', folder: dirname(require.resolve('@types/ws/package.json')) },
};

const modes = [
  { name: 'ES modules by the rules of Node', extension: '.mts', module: ts.ModuleKind.Node16 },
  { name: 'ES modules by those of a bundler', extension: '.mts', module: ts.ModuleKind.ESNext },
  { name: 'CommonJS by the rules of Node', extension: '.cts', module: ts.ModuleKind.Node16 },
];

describe.each(Object.entries(targets))('the corpus against %s', (_name, { link, folder }) => {
  let workbench: string;

  beforeAll(() => {
    workbench = mkdtempSync(join(tmpdir(), 'types-corpus-'));
    for (const program of programs) copyFileSync(join(corpus, program), join(workbench, program));
    mkdirSync(join(workbench, 'node_modules/@types'), { recursive: true });
    symlinkSync(folder, join(workbench, 'node_modules', link), 'dir');
    const node = dirname(require.resolve('@types/node/package.json'));
    symlinkSync(node, join(workbench, 'node_modules/@types/node'), 'dir');
  });

  afterAll(() => {
    rmSync(workbench, { recursive: true });
  });

  /** What the compiler has to say of the programs. */
  function complaints(extension: string, module: ts.ModuleKind): string[] {
    const files = programs.filter((program) => program.endsWith(extension));
    const compiled = ts.createProgram(
      files.map((file) => join(workbench, file)),
      {
        strict: true,
        noEmit: true,
        esModuleInterop: true,
        skipLibCheck: true,
        target: ts.ScriptTarget.ES2023,
        lib: ['lib.es2023.d.ts'],
        module,
        moduleResolution:
          module === ts.ModuleKind.ESNext ? ts.ModuleResolutionKind.Bundler : ts.ModuleResolutionKind.Node16,
        types: ['node'],
        typeRoots: [join(workbench, 'node_modules/@types')],
      },
    );
    return ts.getPreEmitDiagnostics(compiled).map(({ file, start = 0, messageText }) => {
      const line = file && file.getLineAndCharacterOfPosition(start).line + 1;
      return `${file?.fileName.split('/').at(-1)}:${line} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
  }

  test.each(modes)(
    'compiles under strict as $name',
    ({ extension, module }) => {
      expect(complaints(extension, module)).toEqual([]);
    },
    120_000,
  );
});
