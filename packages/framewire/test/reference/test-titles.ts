// The titles of the tests of a file that run. Read from the syntax tree, so that other strings do not count.
import { readFileSync } from 'node:fs';
import ts from 'typescript';

/** The functions that define a test or a group. */
const MAKERS = new Set(['describe', 'it', 'test']);
/** The properties that hold the title of a table row, of a story that several tests run, or of a step of the checks. */
const TITLES = new Set(['name', 'title']);
/** The modifiers with which a test or group does not run, or may fail. */
const DISABLING = new Set(['fails', 'skip', 'todo']);

/**
 * The titles of the tests and groups in a source, as written there, without those that are skipped.
 */
export function runTitles(source: ts.SourceFile): Set<string> {
  const titles = new Set<string>();
  const add = (title: ts.Node | undefined): void => {
    if (title === undefined) return;
    if (ts.isStringLiteralLike(title)) titles.add(title.text);
    // The text between the quotes, with its placeholders.
    if (ts.isTemplateExpression(title)) titles.add(title.getText(source).slice(1, -1));
  };
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const names = namesIn(node.expression);
      if (MAKERS.has(names[0] ?? '')) {
        if (names.some((name) => DISABLING.has(name))) return;
        add(node.arguments[0]);
      }
    }
    if (ts.isPropertyAssignment(node) && TITLES.has(node.name.getText(source))) add(node.initializer);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return titles;
}

/** Like {@link runTitles}, for a file. */
export function runTitlesIn(file: URL): Set<string> {
  return runTitles(sourceOf(file.href, readFileSync(file, 'utf8')));
}

/** Parses a source. */
export function sourceOf(name: string, text: string): ts.SourceFile {
  return ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
}

/** The names in a callee, from left to right: `test`, `skipIf` and `each` for `test.skipIf(...).each(...)`. */
function namesIn(callee: ts.Expression): string[] {
  if (ts.isIdentifier(callee)) return [callee.text];
  if (ts.isPropertyAccessExpression(callee)) return [...namesIn(callee.expression), callee.name.text];
  if (ts.isCallExpression(callee)) return namesIn(callee.expression);
  return [];
}
