/** Finds syntax in published declarations that compilers older than ours cannot read. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/**
 * The complaints about the declarations in the folder of a package: names in quotes in imports and exports, as in
 * `export { A as 'module.exports' }`. Before TypeScript 5.6 that is a syntax error, whatever the program imports.
 */
export function judgeDeclarations(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.d\.[cm]?ts$/.test(file))
    .flatMap((file) =>
      quotedNames(readFileSync(join(folder, file), 'utf8')).map(
        (name) => `${file}: TypeScript before 5.6 cannot read the name ${name}`,
      ),
    );
}

/** The quoted names of imports and exports in a source text, with their quotes. */
function quotedNames(text: string): string[] {
  const source = ts.createSourceFile('declarations.ts', text, ts.ScriptTarget.Latest, true);
  const names: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteral(node) && isName(node)) names.push(node.getText(source));
    ts.forEachChild(node, visit);
  };
  visit(source);
  return names;
}

/** Whether a literal is the name of an import or export, and not of a module or a property. */
function isName({ parent }: ts.StringLiteral): boolean {
  return ts.isExportSpecifier(parent) || ts.isImportSpecifier(parent) || ts.isNamespaceExport(parent);
}
