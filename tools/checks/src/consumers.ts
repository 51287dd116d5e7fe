/** Programs that use every export of a package, compiled like in a user's project: for `import`, `require()` and a bundler. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** The names that a module declares. */
export interface Declared {
  /** The names that exist at run time. */
  values: string[];
  /** The names that exist only for the compiler. */
  types: string[];
}

/** How a program loads a package. */
export type Kind = 'import' | 'require' | 'bundler';

const COMMON: ts.CompilerOptions = {
  strict: true,
  noEmit: true,
  // The declarations of the packages are under test.
  skipLibCheck: false,
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es2023.d.ts'],
  types: ['node'],
};

const OPTIONS: Record<Kind, ts.CompilerOptions> = {
  import: { ...COMMON, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext },
  require: { ...COMMON, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext },
  bundler: { ...COMMON, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler },
};

const EXTENSIONS: Record<Kind, string> = { import: 'mts', require: 'cts', bundler: 'ts' };

/** What each specifier declares to a program in the folder that imports it. */
export function declaredExports(folder: string, specifiers: readonly string[]): Map<string, Declared> {
  const file = join(folder, 'declared.mts');
  writeFileSync(file, specifiers.map((specifier) => `import '${specifier}';\n`).join(''));
  const program = createProgram(folder, [file], OPTIONS.import);
  const checker = program.getTypeChecker();
  const declared = new Map<string, Declared>();
  for (const statement of program.getSourceFile(file)?.statements ?? []) {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue;
    const symbol = checker.getSymbolAtLocation(statement.moduleSpecifier);
    const names = symbol ? checker.getExportsOfModule(symbol) : [];
    declared.set(statement.moduleSpecifier.text, {
      values: names.filter((each) => isValue(each, checker)).map(({ name }) => name),
      types: names.filter((each) => !isValue(each, checker)).map(({ name }) => name),
    });
  }
  return declared;
}

function isValue(symbol: ts.Symbol, checker: ts.TypeChecker): boolean {
  if (symbol.declarations?.some(ts.isTypeOnlyImportOrExportDeclaration)) return false;
  const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  return (target.flags & ts.SymbolFlags.Value) !== 0;
}

/**
 * Compiles a program for each specifier. Returns the complaints about the program and about the declarations of the package, by
 * specifier. A complaint that belongs to no package is listed for all.
 */
export function compileConsumers(
  folder: string,
  kind: Kind,
  declared: ReadonlyMap<string, Declared>,
): Map<string, string[]> {
  const files = new Map<string, string>();
  for (const [specifier, names] of declared) {
    const file = join(folder, `${specifier.replaceAll(/[@/]+/g, '_')}-${kind}.${EXTENSIONS[kind]}`);
    writeFileSync(file, kind === 'require' ? requiring(specifier, names) : importing(specifier, names));
    files.set(specifier, file);
  }
  const errors = errorsOf(createProgram(folder, [...files.values()], OPTIONS[kind]));
  const complaints = new Map([...files.keys()].map((specifier): [string, string[]] => [specifier, []]));
  for (const error of errors) {
    const owners = [...files].filter(
      ([specifier, file]) => error.file === file || isInside(error.file, specifier),
    );
    for (const [specifier] of owners.length > 0 ? owners : files) complaints.get(specifier)?.push(error.text);
  }
  return complaints;
}

/** Whether a file belongs to the package that a specifier names. */
function isInside(file: string, specifier: string): boolean {
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  return file.includes(`/node_modules/${name}/`);
}

function createProgram(folder: string, files: string[], options: ts.CompilerOptions): ts.Program {
  const host = ts.createCompilerHost(options);
  // The libraries come from the compiler's own folder, everything else from this one.
  host.getCurrentDirectory = () => folder;
  return ts.createProgram(files, options, host);
}

function errorsOf(program: ts.Program): { file: string; text: string }[] {
  return ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => ({
    file: file?.fileName ?? '',
    text: `${file?.fileName ?? 'options'}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
  }));
}

/** An ECMAScript module that re-exports everything. */
function importing(specifier: string, { values, types }: Declared): string {
  return [
    `import * as whole from '${specifier}';`,
    `export const count = Object.keys(whole).length;`,
    `export { ${values.map((name) => `${name} as value_${name}`).join(', ')} } from '${specifier}';`,
    `export type { ${types.map((name) => `${name} as type_${name}`).join(', ')} } from '${specifier}';`,
    '',
  ].join('\n');
}

/** A CommonJS module that uses every name. */
function requiring(specifier: string, { values, types }: Declared): string {
  return [
    `import whole = require('${specifier}');`,
    // The result of `require()` is itself the default export.
    ...values
      .filter((name) => name !== 'default')
      .map((name) => `export const value_${name} = whole.${name};`),
    `export type { ${types.map((name) => `${name} as type_${name}`).join(', ')} } from '${specifier}';`,
    '',
  ].join('\n');
}
