// Compiles programs in a folder together with the packages that they import.
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import ts from 'typescript';

const require = createRequire(import.meta.url);

/** The module modes of a program. */
export const modes = [
  { name: 'ES modules by the rules of Node', extension: '.mts', module: ts.ModuleKind.Node16 },
  { name: 'ES modules by the rules of a bundler', extension: '.mts', module: ts.ModuleKind.ESNext },
  { name: 'CommonJS by the rules of Node', extension: '.cts', module: ts.ModuleKind.Node16 },
];

export class Workbench {
  readonly #folder = mkdtempSync(join(tmpdir(), 'types-'));
  readonly #programs: string[];

  /**
   * @param programs a folder
   * @param packages folders by the name that programs import
   */
  constructor(programs: string, packages: Readonly<Record<string, string>>) {
    this.#programs = readdirSync(programs);
    for (const program of this.#programs) copyFileSync(join(programs, program), join(this.#folder, program));
    const node = dirname(require.resolve('@types/node/package.json'));
    for (const [name, folder] of Object.entries({ ...packages, '@types/node': node })) {
      const link = join(this.#folder, 'node_modules', name);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(folder, link, 'junction');
    }
  }

  /** Adds a program. */
  add(name: string, text: string): void {
    writeFileSync(join(this.#folder, name), text);
    this.#programs.push(name);
  }

  /** The compiler's diagnostics for the programs in one module mode. */
  complaints({ extension, module }: (typeof modes)[0], options: ts.CompilerOptions = {}): string[] {
    const files = this.#programs.filter((program) => program.endsWith(extension));
    const compiled = ts.createProgram(
      files.map((file) => join(this.#folder, file)),
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
        typeRoots: [join(this.#folder, 'node_modules/@types')],
        pathsBasePath: this.#folder,
        ...options,
      },
    );
    return ts.getPreEmitDiagnostics(compiled).map(({ file, start = 0, messageText }) => {
      const line = file && file.getLineAndCharacterOfPosition(start).line + 1;
      return `${file?.fileName.split('/').at(-1)}:${line} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }
}
