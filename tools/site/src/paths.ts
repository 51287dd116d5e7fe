/** Where the site is read from, and where it is written to. */

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the checkout. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** The folder of this tool, where VitePress finds its configuration. */
export const TOOL = fileURLToPath(new URL('..', import.meta.url));

/** The collected pages, which VitePress reads. Each build writes them again. */
export const PAGES = join(ROOT, '.cache/site/pages');

/** The built site. */
export const SITE = join(ROOT, '.cache/site/html');
