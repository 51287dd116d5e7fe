/** A folder that looks like that of somebody who installed the packages: examples are written there, type-checked and run. */

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';
import type { Package } from './checkout.ts';
import type { Example } from './document.ts';

/** What examples may import, or be typed by, besides the packages. Dependencies of this package. */
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

/** Where they are installed. */
const DEPENDENCIES = fileURLToPath(new URL('../node_modules', import.meta.url));

const requireHere = createRequire(import.meta.url);

/** How an example ended. */
export interface Outcome {
  /** The exit code; null where it was killed because its time was up. */
  code: number | null;
  /** Whatever it wrote. */
  stdout: string;
  stderr: string;
}

/** A temporary folder with the packages installed; `close()` removes it. */
export class Workbench {
  readonly #folder: string;

  /**
   * @param parent The folder to make it in, made where it is missing.
   * @param packages What is installed: linked, so that the engine picks what an `exports` condition leads to.
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
   * Lines keep the numbers they have in the document, so that stack traces and diagnostics point there.
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
   * Runs a module with the Node that runs this.
   *
   * @param milliseconds The time it has; it is killed when that is up.
   */
  run(path: string, milliseconds: number): Promise<Outcome> {
    const loader = path.endsWith('.ts') ? ['--import', pathToFileURL(requireHere.resolve('tsx')).href] : [];
    // What the test runner tells its own processes is not for the example.
    const { NODE_OPTIONS: _options, NODE_ENV: _mode, ...env } = process.env;
    const child = spawn(process.execPath, [...loader, path], {
      cwd: this.#folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: milliseconds,
      killSignal: 'SIGKILL',
    });
    const outcome: Outcome = { code: null, stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (outcome.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (outcome.stderr += text));
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve({ ...outcome, code }));
    });
  }

  /**
   * Type-checks modules in one strict program, as a Node project would.
   *
   * @returns The diagnostics, as the compiler prints them; '' where there are none.
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
