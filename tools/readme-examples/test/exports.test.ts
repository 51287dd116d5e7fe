// The lists of exports in the READMEs of the layers: they name what the sources export, and the members that these have.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { parseDocument } from '../src/document.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const LAYERS = ['codec', 'handshake', 'permessage-deflate', 'connection', 'client', 'server'] as const;

/** What is exported, by name: the members of a class, an interface or a type of an object, else undefined. */
type Exports = ReadonlyMap<string, readonly string[] | undefined>;

const config = ts.parseJsonConfigFileContent(
  ts.readConfigFile(`${ROOT}tsconfig.base.json`, (path) => ts.sys.readFile(path)).config,
  ts.sys,
  ROOT,
);
const program = ts.createProgram(
  LAYERS.map((layer) => entryOf(layer)),
  { ...config.options, noEmit: true },
);
const checker = program.getTypeChecker();

function entryOf(layer: string): string {
  return `${ROOT}packages/${layer}/src/index.ts`;
}

/** The members of each export, by package and name, those that it inherits too. */
const allMembers = new Map<string, readonly string[]>();

function inheritedToo(symbol: ts.Symbol): readonly string[] {
  if ((symbol.flags & (ts.SymbolFlags.Class | ts.SymbolFlags.Interface)) === 0) return [];
  const members = checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol));
  const statics =
    (symbol.flags & ts.SymbolFlags.Class) === 0
      ? []
      : checker.getPropertiesOfType(checker.getTypeOfSymbol(symbol));
  return [...members, ...statics].map(({ name }) => name);
}

/** What a package exports and declares itself. */
function exportsOfSources(layer: string): Exports {
  const module = checker.getSymbolAtLocation(program.getSourceFile(entryOf(layer))!)!;
  const own = new Map<string, readonly string[] | undefined>();
  for (const symbol of checker.getExportsOfModule(module)) {
    const isAlias = (symbol.flags & ts.SymbolFlags.Alias) !== 0;
    const declared = isAlias ? checker.getAliasedSymbol(symbol) : symbol;
    const declarations = declared.declarations ?? [];
    const isOwn = declarations.some((node) =>
      node.getSourceFile().fileName.includes(`/packages/${layer}/src/`),
    );
    if (!isOwn) continue;
    own.set(symbol.name, membersOf(declarations));
    allMembers.set(`${layer} ${symbol.name}`, inheritedToo(declared));
  }
  return own;
}

/** What the README of a package lists, or the page that it leads to. */
function exportsOfReadme(layer: string): Exports {
  const pages = ['README.md', 'doc/exports.md'].map((page) => `${ROOT}packages/${layer}/${page}`);
  const markdown = pages
    .filter((page) => existsSync(page))
    .map((page) => readFileSync(page, 'utf8'))
    .join('\n');
  const code = parseDocument(markdown)
    .examples.filter(({ reason }) => reason.endsWith('these are declarations only.'))
    .map((example) => example.code);
  const file = ts.createSourceFile('README.ts', code.join('\n'), ts.ScriptTarget.Latest, true);
  const declarations = new Map<string, ts.Declaration[]>();
  const add = (name: string, declaration: ts.Declaration): void => {
    declarations.set(name, [...(declarations.get(name) ?? []), declaration]);
  };
  for (const statement of file.statements) {
    if (ts.isVariableStatement(statement)) {
      for (const each of statement.declarationList.declarations) add(each.name.getText(), each);
    } else if (isNamed(statement)) add(statement.name.text, statement);
  }
  return new Map([...declarations].map(([name, each]) => [name, membersOf(each)]));
}

function isNamed(node: ts.Node): node is (
  ts.FunctionDeclaration | ts.ClassDeclaration | ts.InterfaceDeclaration | ts.TypeAliasDeclaration
) & {
  readonly name: ts.Identifier;
} {
  return (
    (ts.isFunctionDeclaration(node) ||
      ts.isClassDeclaration(node) ||
      ts.isInterfaceDeclaration(node) ||
      ts.isTypeAliasDeclaration(node)) &&
    node.name !== undefined
  );
}

/** The public members that the declarations themselves name, each once. */
function membersOf(declarations: readonly ts.Declaration[]): readonly string[] | undefined {
  const bodies = declarations.filter(
    (node) => ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node),
  );
  if (bodies.length === 0) return undefined;
  const members = bodies.flatMap((body) => [...body.members]).filter(isPublic);
  return [...new Set(members.map((member) => (member.name as ts.Identifier).text))].sort();
}

function isPublic(member: ts.ClassElement | ts.TypeElement): boolean {
  if (member.name === undefined || !ts.isIdentifier(member.name)) return false;
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
  if ((ts.getCombinedModifierFlags(member) & hidden) !== 0) return false;
  return ts.getJSDocTags(member).every(({ tagName }) => tagName.text !== 'internal');
}

describe.each(LAYERS)('the README of %s', (layer) => {
  test('lists what the package exports, with its members', () => {
    const listed = exportsOfReadme(layer);
    const exported = exportsOfSources(layer);
    expect(exported.size).toBeGreaterThan(0);
    for (const [name, members] of exported) {
      expect([...listed.keys()], 'exports').toContain(name);
      const shown = listed.get(name);
      // A type that the one shows as an interface the other may have by another name.
      if (members === undefined || shown === undefined) continue;
      expect(shown, name).toEqual(expect.arrayContaining([...members]));
      expect(allMembers.get(`${layer} ${name}`), name).toEqual(expect.arrayContaining([...shown]));
    }
  });
});
