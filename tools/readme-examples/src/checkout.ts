/** The documents and packages of this checkout. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseDocument, type Document } from './document.ts';

/** The top folder of the checkout. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Folders with files that others wrote, or that were generated. */
const NOT_OURS = new Set(['node_modules', 'dist', 'coverage', '.git', '.cache', '.turbo']);

/** A document and its path. */
export interface File extends Document {
  /** Its path in the checkout, with slashes. */
  path: string;
}

/** Reads every Markdown document of the checkout. */
export function documents(): File[] {
  return markdownFiles(ROOT)
    .map((path) => ({
      path: relative(ROOT, path).split(sep).join('/'),
      ...parseDocument(readFileSync(path, 'utf8')),
    }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Whether the examples of a document are run: true for the documentation, and for READMEs of the project, a package or an example. */
export function isReadme(path: string): boolean {
  return /^((packages\/[^/]+\/(examples\/[^/]+\/)?)?README|packages\/[^/]+\/doc\/[^/]+|docs\/.+)\.md$/.test(
    path,
  );
}

function markdownFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return NOT_OURS.has(entry.name) ? [] : markdownFiles(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

/** A published package of the checkout. */
export interface Package {
  name: string;
  folder: string;
}

/**
 * Returns the packages, all of which must be built.
 *
 * @param folder The folder that contains their folders.
 * @throws {Error} If one is not built yet.
 */
export function builtPackages(folder: string = join(ROOT, 'packages')): Package[] {
  return readdirSync(folder)
    .map((entry) => join(folder, entry, 'package.json'))
    .filter((path) => existsSync(path))
    .map((path) => {
      const { name } = JSON.parse(readFileSync(path, 'utf8')) as { name: string };
      if (!existsSync(join(dirname(path), 'dist'))) {
        throw new Error(`${name} is not built: run npm run build first`);
      }
      return { name, folder: dirname(path) };
    });
}

/** The start of links into the repository on the web. Documents that are read outside of it need them, such as an installed README. */
const REPOSITORY = `${addressOf(join(ROOT, 'package.json'))}/`;

/** Returns the web address of the repository, from a manifest. */
function addressOf(path: string): string {
  const { repository } = JSON.parse(readFileSync(path, 'utf8')) as { repository: { url: string } };
  return repository.url.replace(/^git\+/, '').replace(/\.git$/, '');
}

/**
 * Returns the fault of a link; '' if there is none. Checks only links within the checkout, and links into the repository on the web,
 * which has the same files.
 *
 * @param from The path of the document that contains the link.
 * @param files The documents that an anchor may be in.
 */
export function brokenLink(url: string, from: string, files: readonly File[]): string {
  if (url.startsWith(REPOSITORY)) return brokenAddress(url.slice(REPOSITORY.length), files);
  if (/^([a-z][a-z\d+.-]*:|\/\/)/i.test(url)) return '';
  const [target = '', anchor = ''] = url.split('#');
  const path = target === '' ? from : join(dirname(from), decodeURIComponent(target)).split(sep).join('/');
  if (path.startsWith('..') || target.startsWith('/')) return 'leads out of the checkout';
  if (!existsSync(join(ROOT, path))) return `${path} does not exist`;
  const file = files.find((other) => other.path === path);
  if (anchor === '' || file === undefined || file.anchors.has(anchor)) return '';
  return `${path} has no heading #${anchor}`;
}

/** Returns the fault of a link into the repository on the web. `rest` is the part after the address of the repository. */
function brokenAddress(rest: string, files: readonly File[]): string {
  const [, path] = /^(?:blob|tree)\/main\/(.+)$/.exec(rest) ?? [];
  return path === undefined ? `${rest} is not a file of the main branch` : brokenLink(path, '', files);
}
