/** The table of contents in `docs/contents.json`. It decides which pages the site has, and their order. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './paths.ts';

/** One page of the site. */
export interface Entry {
  /** The path of its Markdown in the checkout; below `reference/` if the build generates it. */
  page: string;
  /** Its name in the sidebar. Default: its first heading. */
  title?: string;
  /** Pages that the sidebar shows below it. */
  pages?: Entry[];
}

/** Pages that the sidebar shows below one name. */
export interface Group {
  group: string;
  pages: Entry[];
}

/** A part of the site. */
export interface Section {
  section: string;
  pages: (Entry | Group)[];
}

/** The parts of the site, in the order of Diátaxis. */
const SECTIONS = ['Tutorial', 'Guides', 'Reference', 'Explanation', 'FAQ'];

/** The home page, which is in no section. */
export const HOME = 'docs/index.md';

/** Pages that the build generates. */
const GENERATED = 'reference/';

/** A page in the file. A path alone is a page without a title of its own. */
type Written = string | { page: string; title?: string; pages?: Written[] };

type WrittenGroup = { group: string; pages: Written[] };

/** Reads the table of contents. */
export function readContents(): Section[] {
  const file = join(ROOT, 'docs/contents.json');
  const sections = JSON.parse(readFileSync(file, 'utf8')) as {
    section: string;
    pages: (Written | WrittenGroup)[];
  }[];
  return sections.map(({ section, pages }) => ({
    section,
    pages: pages.map((each) =>
      typeof each === 'object' && 'group' in each
        ? { group: each.group, pages: each.pages.map(entryOf) }
        : entryOf(each),
    ),
  }));
}

function entryOf(written: Written): Entry {
  if (typeof written === 'string') return { page: written };
  const { pages, ...entry } = written;
  return pages === undefined ? entry : { ...entry, pages: pages.map(entryOf) };
}

/** Every page that a table of contents lists, in its order. */
export function pagesOf(contents: readonly Section[]): Entry[] {
  const all = (each: Entry | Group): Entry[] => [
    ...('group' in each ? [] : [each]),
    ...(each.pages ?? []).flatMap(all),
  ];
  return contents.flatMap(({ pages }) => pages.flatMap(all));
}

/** Whether the build generates the page. */
export function isGenerated(page: string): boolean {
  return page.startsWith(GENERATED);
}

/**
 * The path of a page on the site, without its extension.
 *
 * `docs/` is the root of the site. The path of a package omits the folders that only the checkout needs.
 */
export function routeOf(page: string): string {
  return page
    .replace(/\.md$/, '')
    .replace(/^docs\//, '')
    .replace(/^packages\/([^/]+)\/doc\//, 'packages/$1/')
    .replace(/^autobahn\//, 'packages/conformance/')
    .replace(/(^|\/)README$/, '$1index');
}

/** The address of a page on the site. */
export function linkOf(page: string): string {
  return `/${routeOf(page).replace(/(^|\/)index$/, '$1')}`;
}

/** Every Markdown document of the checkout that must be a page. */
export function pagesOfCheckout(): string[] {
  const packages = readdirSync(join(ROOT, 'packages')).flatMap((name) => [
    `packages/${name}/README.md`,
    ...markdownBelow(`packages/${name}/doc`),
  ]);
  return [...markdownBelow('docs'), ...packages, 'autobahn/README.md'].filter((path) =>
    existsSync(join(ROOT, path)),
  );
}

function markdownBelow(folder: string): string[] {
  const path = join(ROOT, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`);
}

/**
 * Returns the faults of a table of contents, as sentences.
 *
 * @param existing Every document that must be a page.
 */
export function judgeContents(contents: readonly Section[], existing: readonly string[]): string[] {
  const listed = [HOME, ...pagesOf(contents).map(({ page }) => page)];
  const sections = contents.map(({ section }) => section);
  return [
    ...(sections.join() === SECTIONS.join()
      ? []
      : [`the sections are ${sections.join(', ')} instead of ${SECTIONS.join(', ')}`]),
    ...existing.filter((page) => !listed.includes(page)).map((page) => `${page} is not listed`),
    ...listed
      .filter((page) => !existing.includes(page) && !isGenerated(page))
      .map((page) => `${page} is listed, but does not exist`),
    ...listed.filter((page, index) => listed.indexOf(page) < index).map((page) => `${page} is listed twice`),
  ].map((complaint) => `docs/contents.json: ${complaint}`);
}
