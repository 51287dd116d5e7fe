// Converts a bundled ECMAScript module to CommonJS. Each imported name is read once, when the module loads, as Node does for imports of
// built-in modules. If a program replaces `process.nextTick` later, a module that imported the function by name still calls the old one.
// A module that must call the replacement imports the whole namespace. For example, tracing tools replace `http.request`.
import ts from 'typescript';

/**
 * `require()` returns the value of the export with this name instead of an object with all exports. Only some tools support it, so the
 * published ECMAScript modules do not have it.
 */
const WHOLE = 'module.exports';

/** An exported name, and the expression for its value. */
interface Exported {
  name: string;
  value: string;
}

/** How sources create a `require()` that resolves from their own file. */
const REQUIRE_HERE = 'createRequire(import.meta.url)';

/**
 * Converts a module to CommonJS. Each export becomes a property of `exports`, unless one is named `module.exports`.
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
 * Removes lines that contain only comments. After bundling, these are the comments in classes, which the declarations repeat. A comment
 * in a line of code may be an instruction for bundlers, so it stays.
 */
export function withoutComments(text: string): string {
  const comments = new Map<number, number>();
  const collect = (node: ts.Node): void => {
    // A node that starts where its parent starts has the same leading comments, so the map prevents duplicates.
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

/** Removes the indentation of each line, unless the line starts within a template literal. */
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

/** The module for bundlers: without the export for `require()`, and with a `createRequire()` that also works in CommonJS output. */
export function forBundlers(text: string): string {
  return editStatements(text, (statement) =>
    ts.isExportDeclaration(statement)
      ? statement.getText().replace(/\s*[\w$]+ as "module\.exports",?/, '')
      : undefined,
  ).replaceAll(REQUIRE_HERE, 'createRequire(typeof __filename === "string" ? __filename : import.meta.url)');
}

/** An ECMAScript module that re-exports by name what a CommonJS file exports. */
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
  throw new TypeError(`a module name must be a string literal, not ${specifier.getText()}`);
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
      `tools disagree about the default export of a CommonJS module: import from ${specifier} by name`,
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

/** The names in a list of exports, each with the expression for its value. */
function exportsOf({ exportClause, moduleSpecifier }: ts.ExportDeclaration): Exported[] {
  if (!exportClause || !ts.isNamedExports(exportClause)) {
    throw new Error('the build does not know which names `export *` exports: export them by name');
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
    throw new Error(`an export that is not in the list of exports: ${statement.getText().slice(0, 60)}`);
  }
}

function assignments(exports: readonly Exported[]): string[] {
  const one = exports.find(({ name }) => name === WHOLE);
  return one
    ? [`module.exports = ${one.value};`]
    : exports.map(({ name, value }) => `exports.${name} = ${value};`);
}
