/** Reads the built site for its checks: the links and the anchors of each page. */

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Parser } from 'htmlparser2';
import { SITE } from './paths.ts';

/** A page of the built site. */
export interface BuiltPage {
  /** Its address on the site. */
  path: string;
  /** The anchors that links can name after `#`. */
  anchors: Set<string>;
  /** The targets of its links, images, scripts and styles. */
  links: Set<string>;
}

/** Attributes that hold an address. */
const ADDRESSES = ['href', 'src'];

/** Reads every page of the built site. */
export function builtPages(): Map<string, BuiltPage> {
  const files = readdirSync(SITE, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.html'),
  );
  return new Map(
    files.map((name) => {
      const path = `/${name
        .replaceAll('\\', '/')
        .replace(/\.html$/, '')
        .replace(/(^|\/)index$/, '$1')}`;
      return [path, { path, ...parsePage(readFileSync(join(SITE, name), 'utf8')) }];
    }),
  );
}

/** Reads the anchors and links of a page. */
export function parsePage(html: string): Pick<BuiltPage, 'anchors' | 'links'> {
  const anchors = new Set<string>();
  const links = new Set<string>();
  const parser = new Parser({
    onopentag(_name, attributes) {
      if (attributes['id'] !== undefined) anchors.add(attributes['id']);
      for (const name of ADDRESSES) if (attributes[name] !== undefined) links.add(attributes[name]);
    },
  });
  parser.end(html);
  return { anchors, links };
}

/**
 * Returns the fault of a link; '' if there is none. For a link to another site, checks only the form.
 *
 * @param from the address of the page that has the link
 * @param pages every page of the site, by its address
 * @param base the path of the home page, with which the site was built
 */
export function brokenLink(
  link: string,
  from: string,
  pages: ReadonlyMap<string, BuiltPage>,
  base: string,
): string {
  const here = `http://site${base}${from.slice(1)}`;
  if (!URL.canParse(link, here)) return 'is not a URL';
  const { protocol, host, pathname, hash } = new URL(link, here);
  if (host !== 'site')
    return ['https:', 'http:', 'mailto:'].includes(protocol) ? '' : `has the protocol ${protocol}`;
  if (!pathname.startsWith(base)) return `is not below ${base}`;
  const path = decodeURIComponent(`/${pathname.slice(base.length)}`);
  const page = pages.get(path);
  if (page === undefined) return isFile(path) ? '' : `leads to ${path}, which does not exist`;
  const anchor = decodeURIComponent(hash.slice(1));
  return anchor === '' || page.anchors.has(anchor) ? '' : `leads to #${anchor}, which ${path} does not have`;
}

function isFile(path: string): boolean {
  const file = join(SITE, path);
  return existsSync(file) && statSync(file).isFile();
}
