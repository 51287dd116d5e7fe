/** Links between documents. In the checkout, they are paths of files; on the site, they are addresses of pages. */

import { posix } from 'node:path';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { visit } from 'unist-util-visit';
import type { Definition, Image, Link } from 'mdast';

/** The target of a link, and its position in the document. */
interface Span {
  start: number;
  end: number;
  url: string;
  isImage: boolean;
}

/** What the links of the site depend on in the checkout. */
export interface Checkout {
  /** The routes of the pages, by the path of their document. */
  routes: ReadonlyMap<string, string>;
  /** The address of the repository on the web, without a slash at its end. */
  repository: string;
  /** The address of the published site, with a slash at its end. */
  site: string;
  /** Whether the path is a folder. */
  isFolder: (path: string) => boolean;
  /** Called with the path of each image that a page shows. */
  onImage: (path: string) => void;
}

/**
 * Returns the document with each link changed to one that works on the site.
 *
 * @param markdown the document
 * @param page its path in the checkout
 */
export function rewriteLinks(markdown: string, page: string, checkout: Checkout): string {
  let rewritten = '';
  let last = 0;
  for (const { start, end, url, isImage } of linksOf(markdown)) {
    const target = isImage ? siteImage(url, page, checkout) : siteLink(url, page, checkout);
    rewritten += markdown.slice(last, start) + target;
    last = end;
  }
  return rewritten + markdown.slice(last);
}

/**
 * Returns the address that a link of a document has on the site.
 *
 * A link to a page of the site leads to that page, even if it is the published address. A link to any other file leads to the repository
 * on the web.
 */
export function siteLink(url: string, page: string, checkout: Checkout): string {
  const { routes, repository, site, isFolder } = checkout;
  if (url.startsWith(site)) return `/${url.slice(site.length)}`;
  const path = pathInCheckout(url, page, checkout);
  if (path === undefined) return url;
  const [, anchor] = url.split('#');
  const hash = anchor === undefined ? '' : `#${anchor}`;
  // The folder of a package is its README. Below docs/, a folder holds the programs of a page.
  const route = routes.get(path) ?? (path.startsWith('docs/') ? undefined : routes.get(`${path}/README.md`));
  if (route !== undefined) return `/${route.replace(/(^|\/)index$/, '$1')}${hash}`;
  return `${repository}/${isFolder(path) ? 'tree' : 'blob'}/main/${path}${hash}`;
}

/** Returns the address that an image of a document has on the site, which keeps the path that it has in the checkout. */
export function siteImage(url: string, page: string, checkout: Checkout): string {
  const path = pathInCheckout(url, page, checkout);
  if (path === undefined) return url;
  checkout.onImage(path);
  return `/${path}`;
}

/** The file of the checkout that a link leads to; `undefined` if it leads elsewhere, or to a heading of its own page. */
function pathInCheckout(url: string, page: string, { repository }: Checkout): string | undefined {
  const [, absolute] = /^(?:blob|tree|raw)\/main\/(.*)$/.exec(below(repository, url)) ?? [];
  if (absolute === undefined && /^([a-z][a-z\d+.-]*:|\/\/|#)/i.test(url)) return undefined;
  const [target = ''] = (absolute ?? url).split('#');
  const folder = absolute === undefined ? posix.dirname(page) : '';
  return posix.join(folder, decodeURIComponent(target)).replace(/\/$/, '');
}

/** What follows the address of a repository in a URL; '' if the URL is outside of it. */
function below(repository: string, url: string): string {
  return url.startsWith(`${repository}/`) ? url.slice(repository.length + 1) : '';
}

/** Finds the targets of links in a document, in order. */
function linksOf(markdown: string): Span[] {
  const spans: Span[] = [];
  visit(fromMarkdown(markdown), ['link', 'image', 'definition'], (node) => {
    const found = spanOf(markdown, node as Definition | Image | Link);
    if (found !== undefined) spans.push(found);
  });
  return spans.sort((a, b) => a.start - b.start);
}

function spanOf(markdown: string, node: Definition | Image | Link): Span | undefined {
  const from = node.position?.start.offset ?? 0;
  const to = node.position?.end.offset ?? 0;
  // The target is the last occurrence: the text of a link can repeat it.
  const start = markdown.slice(from, to).lastIndexOf(node.url);
  // An address between angle brackets, `<https://…>`, needs no change.
  if (start <= 0 || markdown[from] === '<') return undefined;
  return {
    start: from + start,
    end: from + start + node.url.length,
    url: node.url,
    isImage: node.type === 'image',
  };
}
