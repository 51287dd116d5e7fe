// The titles of the tests of a file that are run: read from its syntax, so that none is taken for one that only has its words.
import { readFileSync } from 'node:fs';
import ts from 'typescript';

/** What makes a test, or a group of them. */
const MAKERS = new Set(['describe', 'it', 'test']);
/** The properties that title a row of a table of tests, a story that several tests play, and a step of the checks. */
const TITLES = new Set(['name', 'title']);
/** What keeps a test, or all of a group, from being run, or from counting. */
const HINDRANCES = new Set(['fails', 'skip', 'todo']);

/**
 * The titles of the tests and groups in a source, as they stand there.
 *
 * @returns without those that are skipped, by themselves or with their group
 */
export function runTitles(source: ts.SourceFile): Set<string> {
  const titles = new Set<string>();
  const add = (title: ts.Node | undefined): void => {
    if (title === undefined) return;
    if (ts.isStringLiteralLike(title)) titles.add(title.text);
    // As it stands between the quotes, with its placeholders.
    if (ts.isTemplateExpression(title)) titles.add(title.getText(source).slice(1, -1));
  };
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const names = namesIn(node.expression);
      if (MAKERS.has(names[0] ?? '')) {
        if (names.some((name) => HINDRANCES.has(name))) return;
        add(node.arguments[0]);
      }
    }
    if (ts.isPropertyAssignment(node) && TITLES.has(node.name.getText(source))) add(node.initializer);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return titles;
}

/** As {@link runTitles}, of a file. */
export function runTitlesIn(file: URL): Set<string> {
  return runTitles(sourceOf(file.pathname, readFileSync(file, 'utf8')));
}

/** A source as the compiler reads it. */
export function sourceOf(name: string, text: string): ts.SourceFile {
  return ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
}

/** The names of what is called, from the left: of `test.skipIf(...).each(...)` they are `test`, `skipIf` and `each`. */
function namesIn(callee: ts.Expression): string[] {
  if (ts.isIdentifier(callee)) return [callee.text];
  if (ts.isPropertyAccessExpression(callee)) return [...namesIn(callee.expression), callee.name.text];
  if (ts.isCallExpression(callee)) return namesIn(callee.expression);
  return [];
}
