// Makes the CommonJS form of a bundled ECMAScript module. Each import is read once, when the module is loaded, as
// JavaScript engines do it for built-in modules: a later replacement of `process.nextTick` has no effect on a module that
// imported the function by name. A module that needs to see such a change, as tracing tools make of `http.request`,
// imports the whole of `node:http`.
import ts from 'typescript';

/**
 * The exported name that says what `require()` gives: that export itself, instead of an object with all exports. Some tools
 * know it and some do not, so the published modules do not have it.
 */
const WHOLE = 'module.exports';

/** A name, and the expression that has its value. */
interface Exported {
  name: string;
  value: string;
}

/** How a source requires as its own file does. */
const REQUIRE_HERE = 'createRequire(import.meta.url)';

/**
 * The same module for `require()`: each export is a property of `exports`, unless one is named `module.exports`.
 *
 * @param text an ECMAScript module as esbuild bundles it: all exports in one list
 * @throws `Error` for a form of import or export that has no equivalent, or that esbuild does not print
 */
export function toCommonJs(text: string): string {
  const imports: string[] = [];
  const exports: Exported[] = [];
  const body = editStatements(text, (statement) => {
    if (ts.isImportDeclaration(statement)) imports.push(requireOf(statement));
    else if (ts.isExportDeclaration(statement)) exports.push(...exportsOf(statement));
    else return refuseExport(statement);
    return '';
  });
  const statements = body.replaceAll(REQUIRE_HERE, 'createRequire(__filename)').trim();
  if (/\bimport\.meta\b/.test(statements)) throw new Error('CommonJS has no import.meta');
  return `${['"use strict";', ...imports, statements, ...assignments(exports)].filter(Boolean).join('\n')}\n`;
}

/** The names that an ECMAScript module exports. */
function exportedNames(text: string): string[] {
  return statementsOf(text)
    .filter(ts.isExportDeclaration)
    .flatMap(exportsOf)
    .map(({ name }) => name);
}

/**
 * The text without the lines that only comments fill. Bundling keeps those of classes alone, and the declarations say the same; a
 * comment within a line may be for bundlers and stays.
 */
export function withoutComments(text: string): string {
  const comments = new Map<number, number>();
  const collect = (node: ts.Node): void => {
    // Of a node that begins where its parent does, the comments are those of the parent.
    for (const { pos, end } of ts.getLeadingCommentRanges(text, node.pos) ?? []) comments.set(pos, end);
    ts.forEachChild(node, collect);
  };
  for (const statement of statementsOf(text)) collect(statement);
  let kept = '';
  let from = 0;
  for (const [pos, end] of [...comments].sort(([a], [b]) => a - b)) {
    const start = text.lastIndexOf('\n', pos) + 1;
    const next = text.indexOf('\n', end) + 1;
    if (next === 0 || text.slice(start, pos).trim() !== '' || text.slice(end, next).trim() !== '') continue;
    kept += text.slice(from, Math.max(start, from));
    from = next;
  }
  return kept + text.slice(from);
}

/** The text with each line moved to the left margin, other than those that begin within a template literal. */
export function withoutIndentation(text: string): string {
  const literals: { pos: number; end: number }[] = [];
  const collect = (node: ts.Node): void => {
    if (ts.isTemplateLiteral(node)) literals.push({ pos: node.getStart(), end: node.end });
    else ts.forEachChild(node, collect);
  };
  statementsOf(text).forEach(collect);
  return text.replace(/^ +/gm, (indentation, at: number) =>
    literals.some(({ pos, end }) => pos < at && at < end) ? indentation : '',
  );
}

/** An ECMAScript module for bundlers, which may make a CommonJS file of it, without what is there for `require()`. */
export function forBundlers(text: string): string {
  return editStatements(text, (statement) =>
    ts.isExportDeclaration(statement)
      ? statement.getText().replace(/\s*[\w$]+ as "module\.exports",?/, '')
      : undefined,
  ).replaceAll(REQUIRE_HERE, 'createRequire(typeof __filename === "string" ? __filename : import.meta.url)');
}

/** An ECMAScript module that hands on by name what a CommonJS file exports. */
export function wrapperOf(file: string, text: string): string {
  const names = exportedNames(text);
  const named = names.filter((name) => name !== WHOLE && name !== 'default');
  return [
    `import cjs from ${JSON.stringify(file)};`,
    `export const { ${named.join(', ')} } = cjs;`,
    ...(names.includes('default') ? ['export default cjs;'] : []),
    '',
  ].join('\n');
}

function textOf(specifier: ts.Expression): string {
  if (ts.isStringLiteral(specifier)) return specifier.text;
  throw new TypeError(`the name of a module is a string, and not ${specifier.getText()}`);
}

/** The CommonJS file for a module that is imported by its path; a package or a built-in module keeps its name. */
function commonJsFile(specifier: string): string {
  return specifier.startsWith('.') ? specifier.replace(/\.js$/, '.cjs') : specifier;
}

function statementsOf(text: string): ts.Statement[] {
  return [
    ...ts.createSourceFile('module.js', text, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS).statements,
  ];
}

/** The text with each top-level statement for which `edit` returns a string replaced by it. */
function editStatements(text: string, edit: (statement: ts.Statement) => string | undefined): string {
  let edited = '';
  let from = 0;
  for (const statement of statementsOf(text)) {
    const replacement = edit(statement);
    if (replacement === undefined) continue;
    edited += text.slice(from, statement.getStart()) + replacement;
    from = statement.end;
  }
  return edited + text.slice(from);
}

/** `const … = require(…)` for an import. */
function requireOf({ importClause, moduleSpecifier }: ts.ImportDeclaration): string {
  const specifier = textOf(moduleSpecifier);
  const call = `require(${JSON.stringify(commonJsFile(specifier))})`;
  if (!importClause) return `${call};`;
  const { name, namedBindings } = importClause;
  if (name && !specifier.startsWith('node:')) {
    throw new Error(
      `tools disagree on what the default export of a CommonJS module is: import names from ${specifier}`,
    );
  }
  const parts = name ? [`${name.text} = ${call}`] : [];
  if (namedBindings) parts.push(`${bindingOf(namedBindings)} = ${call}`);
  return `const ${parts.join(', ')};`;
}

function bindingOf(bindings: ts.NamedImportBindings): string {
  if (ts.isNamespaceImport(bindings)) return bindings.name.text;
  const names = bindings.elements.map(({ propertyName, name }) =>
    propertyName ? `${propertyName.text}: ${name.text}` : name.text,
  );
  return `{ ${names.join(', ')} }`;
}

/** The names in a list of exports, each with the expression that has its value. */
function exportsOf({ exportClause, moduleSpecifier }: ts.ExportDeclaration): Exported[] {
  if (!exportClause || !ts.isNamedExports(exportClause)) {
    throw new Error('what `export *` exports is unknown when the package is built: export it by name');
  }
  const from = moduleSpecifier && `require(${JSON.stringify(commonJsFile(textOf(moduleSpecifier)))})`;
  return exportClause.elements.map(({ propertyName, name }) => {
    const local = (propertyName ?? name).text;
    return { name: name.text, value: from ? `${from}.${local}` : local };
  });
}

function refuseExport(statement: ts.Statement): undefined {
  const modifiers = ts.canHaveModifiers(statement) ? (ts.getModifiers(statement) ?? []) : [];
  if (
    modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ||
    ts.isExportAssignment(statement)
  ) {
    throw new Error(`an export outside of the list of exports: ${statement.getText().slice(0, 60)}`);
  }
}

function assignments(exports: readonly Exported[]): string[] {
  const one = exports.find(({ name }) => name === WHOLE);
  return one
    ? [`module.exports = ${one.value};`]
    : exports.map(({ name, value }) => `exports.${name} = ${value};`);
}
