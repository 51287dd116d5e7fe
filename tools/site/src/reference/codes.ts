/** The pages of error codes and close codes, cut from documents. Tests compare the tables of these documents with the sources. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../paths.ts';

/** A document, and the heading of the part that a page takes from it. */
export interface Source {
  document: string;
  heading: string;
}

/** The reference of the umbrella has the codes of every package that the umbrella contains. */
const REFERENCE = 'packages/framewire/doc/api.md';

export const ERROR_CODES: Source = { document: REFERENCE, heading: 'Error codes' };

export const CLOSE_CODES: Source = { document: REFERENCE, heading: 'Close codes' };

/** A row of a table whose first cell is an error code. */
const ROW = /^\| *`(WS_ERR_\w+)` *\|.*\|$/gm;

/**
 * Returns the page of error codes: those of the reference, then those that only one package has.
 *
 * @param documents the pages of all packages, by their path in the checkout
 */
export function errorCodesPage(documents: ReadonlyMap<string, string>): string {
  const page = cutPage(ERROR_CODES);
  const parts = [...documents].flatMap(([path, markdown]) => {
    const rows = [...markdown.matchAll(ROW)].filter(([, code = '']) => !page.includes(`\`${code}\``));
    if (rows.length === 0) return [];
    const cells = rows.map(([row]) =>
      row
        .split(/(?<!\\)\|/)
        .slice(1, 3)
        .join('|'),
    );
    const table = ['| name | cause |', '| --- | --- |', ...cells.map((text) => `|${text}|`)];
    return [
      `## Codes of ${path.split('/')[1] ?? ''}`,
      table.join('\n'),
      `See [the package](../../../${path}).`,
    ];
  });
  return [page.trimEnd(), ...parts, ''].join('\n\n');
}

/** Returns the part of a document below a heading of the second level, as a page with headings one level higher. */
export function cutPage({ document, heading }: Source): string {
  return cut(readFileSync(join(ROOT, document), 'utf8'), heading);
}

/**
 * Cuts a part from a document.
 *
 * @throws {Error} If the document has no such heading.
 */
export function cut(markdown: string, heading: string): string {
  const [, part] = `\n${markdown}`.split(`\n## ${heading}\n`);
  if (part === undefined) throw new Error(`There is no heading "${heading}"`);
  const [text = ''] = part.split(/\n## /);
  return `# ${heading}\n${text.replaceAll(/^##(#+ )/gm, '#$1')}`;
}
