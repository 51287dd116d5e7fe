// The built site: every page that the table of contents lists, every link, every anchor. The step `site` of npm test runs this file.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { brokenLink, builtPages, type BuiltPage } from '../src/built.ts';
import { HOME, linkOf, pagesOf, readContents } from '../src/contents.ts';

/** How long a build may take, in ms, on a machine that runs other tests. */
const BUILD_MS = 300_000;

const addresses = [HOME, ...pagesOf(readContents()).map(({ page }) => page)].map(linkOf);

let pages: Map<string, BuiltPage>;

/** Runs the command with `--build-only` and returns what it printed on standard error, with its exit code. */
async function build(): Promise<{ code: unknown; errors: string }> {
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
  // VitePress builds for development if the environment of the test runner reaches it.
  const { NODE_ENV: _mode, NODE_OPTIONS: _options, ...env } = process.env;
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), main, '--build-only'], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stdout.resume();
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const [code] = (await once(child, 'close')) as unknown[];
  return { code, errors };
}

beforeAll(async () => {
  const { code, errors } = await build();
  if (code !== 0) throw new Error(errors);
  pages = builtPages();
}, BUILD_MS);

describe('The site', () => {
  test('has the pages of the table of contents, and a page for unknown addresses', () => {
    expect([...pages.keys()].sort()).toEqual([...addresses, '/404'].sort());
  });

  test.each(addresses)('has at %s only links and anchors that lead somewhere', (address) => {
    const page = pages.get(address);
    const broken = [...(page?.links ?? ['nothing: the page is missing'])]
      .map((link) => ({ link, problem: brokenLink(link, address, pages) }))
      .filter(({ problem }) => problem !== '');
    expect(broken).toEqual([]);
  });
});
