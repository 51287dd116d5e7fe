/** Collects the documents of the checkout into the folder that VitePress builds from. */

import { copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  HOME,
  isGenerated,
  judgeContents,
  pagesOf,
  pagesOfCheckout,
  readContents,
  routeOf,
} from './contents.ts';
import { rewriteLinks, type Checkout } from './links.ts';
import { PAGES, ROOT } from './paths.ts';
import { repositoryAddress, siteAddress } from './repository.ts';
import { generatedPages, generatePages } from './reference/write.ts';

/**
 * Writes the pages of the documents, and the generated pages.
 *
 * @throws {Error} If the table of contents and the pages do not match.
 */
export async function collectPages(): Promise<void> {
  const contents = readContents();
  const complaints = judgeContents(contents, [...pagesOfCheckout(), ...generatedPages()]);
  if (complaints.length > 0) throw new Error(complaints.join('\n'));
  const pages = [HOME, ...pagesOf(contents).map(({ page }) => page)];
  const checkout: Checkout = {
    routes: new Map(pages.map((page) => [page, routeOf(page)])),
    repository: repositoryAddress(),
    site: siteAddress(),
    isFolder: (path) => statSync(join(ROOT, path), { throwIfNoEntry: false })?.isDirectory() === true,
    onImage: copyImage,
  };
  rmSync(PAGES, { recursive: true, force: true });
  for (const page of pages.filter((page) => !isGenerated(page))) {
    const markdown = readFileSync(join(ROOT, page), 'utf8');
    const address = `${checkout.repository}/edit/main/${page}`;
    writePage(page, withEditLink(rewriteLinks(markdown, page, checkout), address));
  }
  for (const { page, markdown, linksOf } of await generatePages()) {
    const text = linksOf === undefined ? markdown : rewriteLinks(markdown, linksOf, checkout);
    writePage(page, withEditLink(text, 'false'));
  }
}

/** Copies an image to the folder from which VitePress copies files unchanged. */
function copyImage(path: string): void {
  const copy = join(PAGES, 'public', path);
  mkdirSync(dirname(copy), { recursive: true });
  copyFileSync(join(ROOT, path), copy);
}

function writePage(page: string, markdown: string): void {
  const path = join(PAGES, `${routeOf(page)}.md`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, markdown);
}

/** Adds `editLink` to the front matter: the address where the document can be edited, or `false` if the page has no document. */
function withEditLink(markdown: string, address: string): string {
  const line = `editLink: ${address}\n`;
  return markdown.startsWith('---\n') ? `---\n${line}${markdown.slice(4)}` : `---\n${line}---\n\n${markdown}`;
}
