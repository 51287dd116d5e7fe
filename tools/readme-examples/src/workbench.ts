// A folder with the packages installed. Examples are written to it, type-checked and run.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { run as runChild, WITHOUT_TEST_RUNNER, type Finished } from '@framewire/testing/child';
import ts from 'typescript';
import type { Package } from './checkout.ts';
import type { Example } from './document.ts';

/** The other packages that examples may import. They are dependencies of this package. */
const OTHERS = [
  '@hono/node-server',
  '@trpc/client',
  '@trpc/server',
  '@types/node',
  '@types/ws',
  'express',
  'fastify',
  'hono',
  'vite',
  'ws',
];

/** The folder that contains them. */
const DEPENDENCIES = fileURLToPath(new URL('../node_modules', import.meta.url));

const requireHere = createRequire(import.meta.url);

/** A temporary folder with the packages installed; `close()` removes it. */
export class Workbench {
  readonly #folder: string;

  /**
   * @param parent The folder that contains it. It is created if it is missing.
   * @param packages The packages to link, so that the engine applies the conditions of their `exports`.
   */
  constructor(parent: string, packages: readonly Package[]) {
    mkdirSync(parent, { recursive: true });
    this.#folder = mkdtempSync(join(parent, 'run-'));
    writeFileSync(join(this.#folder, 'package.json'), '{ "type": "module" }\n');
    const others = OTHERS.map((name) => ({ name, folder: join(DEPENDENCIES, name) }));
    for (const { name, folder } of [...packages, ...others]) {
      const link = join(this.#folder, 'node_modules', name);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(folder, link, 'junction');
    }
  }

  /**
   * Writes an example as a module of its own.
   *
   * Each line has the same number as in the document, so that stack traces and diagnostics name the line there.
   *
   * @param document The path of the document, for the file's name.
   * @returns The path of the module.
   */
  write(document: string, example: Example): string {
    const stem = document.replace(/\.md$/, '').replaceAll(/[^\w]+/g, '-');
    const path = join(this.#folder, `${stem}.${example.line}.${example.extension}`);
    writeFileSync(path, `${'\n'.repeat(example.line - 1)}${example.code}\n`);
    return path;
  }

  /**
   * Runs a module with the Node of this process.
   *
   * @param milliseconds The time until it is killed.
   */
  run(path: string, milliseconds: number): Promise<Finished> {
    const loader = path.endsWith('.ts') ? ['--import', pathToFileURL(requireHere.resolve('tsx')).href] : [];
    return runChild(process.execPath, [...loader, path], {
      cwd: this.#folder,
      env: WITHOUT_TEST_RUNNER,
      timeout: milliseconds,
    });
  }

  /**
   * Type-checks modules in one strict program, as a Node project would.
   *
   * @returns The diagnostics, as the compiler prints them, or ''.
   */
  typeCheck(paths: readonly string[]): string {
    const program = ts.createProgram(paths, {
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      target: ts.ScriptTarget.ES2023,
      lib: ['lib.es2023.d.ts'],
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      moduleDetection: ts.ModuleDetectionKind.Force,
      types: ['node'],
      typeRoots: [join(this.#folder, 'node_modules/@types')],
      skipLibCheck: true,
      noEmit: true,
    });
    return ts.formatDiagnostics(ts.getPreEmitDiagnostics(program), {
      getCanonicalFileName: (name) => name,
      getCurrentDirectory: () => this.#folder,
      getNewLine: () => '\n',
    });
  }

  /** Removes the folder. */
  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
