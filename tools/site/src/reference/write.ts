/** Writes the pages of the reference that are generated from the sources and from the tables of the documentation. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { linkOf, pagesOfCheckout } from '../contents.ts';
import { ROOT } from '../paths.ts';
import { CLOSE_CODES, cutPage, errorCodesPage, ERROR_CODES } from './codes.ts';
import { publicModules, readModules } from './modules.ts';
import { optionsPage } from './options.ts';
import { addressesOf } from './outline.ts';
import { modulePage } from './page.ts';

/** A page that has no document. */
export interface GeneratedPage {
  page: string;
  markdown: string;
  /** The document that the links of the page are relative to; `undefined` if they are addresses of the site. */
  linksOf?: string;
}

const OPTIONS = 'reference/options.md';
const ERRORS = 'reference/error-codes.md';
const CLOSES = 'reference/close-codes.md';

/** The path of the page of a module. */
export function pageOfModule(name: string): string {
  return `reference/${name.replace('@framewire/', '').replaceAll('/', '-')}.md`;
}

/** The paths of all pages that {@link generatePages} returns. */
export function generatedPages(): string[] {
  return [...publicModules().map(({ name }) => pageOfModule(name)), OPTIONS, ERRORS, CLOSES];
}

/** Generates the reference. */
export async function generatePages(): Promise<GeneratedPage[]> {
  const modules = await readModules(publicModules());
  const addressOf = addressesOf(modules, ({ name }) => linkOf(pageOfModule(name)));
  const pages = modules.map((module) => {
    const [folder = ''] = module.name.replace('@framewire/', '').split('/');
    const readme = linkOf(`packages/${folder}/README.md`);
    return { page: pageOfModule(module.name), markdown: modulePage(module, readme, addressOf) };
  });
  const documents = pagesOfCheckout().filter((path) => path.startsWith('packages/'));
  const texts = new Map(documents.map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]));
  return [
    ...pages,
    { page: OPTIONS, markdown: optionsPage(modules, addressOf) },
    { page: ERRORS, markdown: errorCodesPage(texts), linksOf: ERROR_CODES.document },
    { page: CLOSES, markdown: cutPage(CLOSE_CODES), linksOf: CLOSE_CODES.document },
  ];
}
