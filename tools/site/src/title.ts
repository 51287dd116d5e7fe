/** The title of a page: its first heading. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { toString } from 'mdast-util-to-string';
import { isGenerated, routeOf } from './contents.ts';
import { PAGES, ROOT } from './paths.ts';

/** Settings of VitePress at the start of a page. */
const FRONT_MATTER = /^---\n.*?\n---\n/s;

/**
 * Returns the first heading of a page, as plain text.
 *
 * @throws {Error} If the page has no heading of the first level.
 */
export function titleOf(page: string): string {
  const path = isGenerated(page) ? join(PAGES, `${routeOf(page)}.md`) : join(ROOT, page);
  const markdown = readFileSync(path, 'utf8').replace(FRONT_MATTER, '');
  const heading = fromMarkdown(markdown).children.find((node) => node.type === 'heading');
  if (heading?.depth !== 1) throw new Error(`${page} does not start with a heading of the first level`);
  return toString(heading);
}
