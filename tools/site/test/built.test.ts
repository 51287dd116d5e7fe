// The built site: its pages, links and anchors, and how it behaves in browsers. The step `site` of npm test runs this file.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { must, WITHOUT_TEST_RUNNER } from '@framewire/testing';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { brokenLink, builtPages, type BuiltPage } from '../src/built.ts';
import { HOME, linkOf, pagesOf, readContents, routeOf } from '../src/contents.ts';
import { PAGES } from '../src/paths.ts';
import { publicModules } from '../src/reference/modules.ts';
import { pageOfModule } from '../src/reference/write.ts';
import { serveSite, type Served } from '../src/serve.ts';
import { BROWSERS, until, type Browser, type Page } from './browsers.ts';

/** How long a build may take on a machine that runs other tests, in ms. */
const BUILD_MS = 300_000;

/** The path of the published site on its host. Unlike `/`, it also reveals links that omit it. */
const BASE = '/framewire/';

const addresses = [HOME, ...pagesOf(readContents()).map(({ page }) => page)].map(linkOf);

let pages: Map<string, BuiltPage>;

beforeAll(async () => {
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
  const args = [main, '--build-only', '--base', BASE];
  // VitePress builds for development if the environment of the test runner reaches it.
  await must(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), ...args],
    undefined,
    WITHOUT_TEST_RUNNER,
  );
  pages = builtPages();
}, BUILD_MS);

describe('The site', () => {
  test('has the pages of the table of contents, and a page for unknown addresses', () => {
    expect([...pages.keys()].sort()).toEqual([...addresses, '/404'].sort());
  });

  test.each(addresses)('has at %s only links and anchors that lead somewhere', (address) => {
    const page = pages.get(address);
    const broken = [...(page?.links ?? ['nothing: the page is missing'])]
      .map((link) => ({ link, problem: brokenLink(link, address, pages, BASE) }))
      .filter(({ problem }) => problem !== '');
    expect(broken).toEqual([]);
  });
});

describe('The reference', () => {
  test.each(publicModules())('describes every value that $name exports', async ({ name, source }) => {
    const exported = Object.keys((await import(source)) as object).filter((each) => each !== 'default');
    const page = readFileSync(join(PAGES, `${routeOf(pageOfModule(name))}.md`), 'utf8');
    expect(exported.length).toBeGreaterThan(0);
    expect(
      exported.filter((each) => !page.includes(`\n### ${each}\n`) && !page.includes(`\`${each}\``)),
    ).toEqual([]);
  });
});

/** The home page, a guide, and a page that is generated. */
const CHECKED_PAGES = ['/', '/guides/security', '/reference/deflate'];

const WIDE = 1280;
const NARROW = 360;

/** An expression: whether the visible part of the sidebar has the link of the current page, with this text. */
function sidebarShows(text: string): string {
  return `[...document.querySelectorAll('.VPSidebar .is-active > .item')].some((item) => {
    const { top, bottom } = item.getBoundingClientRect();
    return item.textContent === '${text}' && top >= 0 && bottom <= innerHeight;
  })`;
}

const axe = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');

describe.each(BROWSERS)('The site in $name', ({ name, missing, launch }) => {
  let served: Served;
  let browser: Browser;

  beforeAll(async () => {
    if (missing) return;
    served = await serveSite(0, BASE);
    browser = await launch();
  });
  afterAll(async () => {
    if (missing) return;
    await browser.close();
    served.server.closeAllConnections();
    served.server.close();
  });

  async function open(path: string, width: number): Promise<Page> {
    const page = await browser.open(width);
    onTestFinished(() => page.close());
    await page.goto(new URL(`.${path}`, served.url).href);
    return page;
  }

  test.skipIf(missing)('does not scroll sideways in a narrow window', async () => {
    const page = await open('/404', NARROW);
    const urls = addresses.map((address) => new URL(`.${address}`, served.url).href);
    // All pages have the same styles, so one page can show the others, which is faster than opening each.
    const measured = (await page.evaluate(`(async () => {
      const measured = [];
      for (const url of ${JSON.stringify(urls)}) {
        const html = await fetch(url).then((response) => response.text());
        document.body.replaceWith(new DOMParser().parseFromString(html, 'text/html').body);
        const { scrollWidth, clientWidth } = document.documentElement;
        measured.push([scrollWidth - clientWidth, url]);
      }
      return measured;
    })()`)) as [number, string][];
    expect(measured).toHaveLength(addresses.length);
    expect(measured.filter(([excess]) => excess > 0)).toEqual([]);
  });

  test.skipIf(missing)('shows the current page in the sidebar, on opening it and by a link', async () => {
    const page = await open('/faq', WIDE);
    await until(page, sidebarShows('FAQ'));
    await page.click('.VPSidebar a[href$="/tutorial/step-1"]');
    await until(page, sidebarShows('1. A server and a client'));
    await page.click('.pager-link.next');
    await until(page, sidebarShows('2. A chat in the browser'));
  });

  test.skipIf(missing)('finds a page by an option', async () => {
    const page = await open('/', WIDE);
    await until(page, `document.querySelector('.DocSearch-Button')`);
    await page.click('.DocSearch-Button');
    await until(page, `document.querySelector('#localsearch-input')`);
    await page.type('#localsearch-input', 'messageHighWaterMark');
    await until(page, `document.querySelector('.results a[href^="${BASE}packages/framewire/api"]')`);
    await page.click(`.results a[href^="${BASE}packages/framewire/api"]`);
    await until(page, `location.pathname === '${BASE}packages/framewire/api'`);
  });

  // In one browser only, because axe checks the document and its styles, which are the same in both.
  test.skipIf(missing).each(name === 'Chromium' ? ['light', 'dark'] : [])(
    'has no fault that axe finds in the %s theme',
    async (theme) => {
      const page = await open('/404', WIDE);
      await page.evaluate(`localStorage.setItem('vitepress-theme-appearance', '${theme}')`);
      const faults: unknown[] = [];
      for (const path of CHECKED_PAGES) {
        await page.goto(new URL(`.${path}`, served.url).href);
        await until(page, `document.documentElement.classList.contains('dark') === ${theme === 'dark'}`);
        await page.evaluate(`${axe};0`);
        const found = (await page.evaluate(`axe.run().then(({ violations }) =>
        violations.map(({ id, nodes }) => [id, ...nodes.slice(0, 3).map(({ html, any }) => html.slice(0, 200) + ' ' + (any[0]?.message ?? ''))]))`)) as unknown[];
        faults.push(...found.map((each) => [path, each]));
      }
      expect(faults).toEqual([]);
    },
  );
});
