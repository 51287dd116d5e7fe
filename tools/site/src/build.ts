/** Builds the site: collects its pages, and lets VitePress turn them into HTML. */

import { build } from 'vitepress';
import { collectPages } from './collect.ts';
import { TOOL } from './paths.ts';

/**
 * Builds the site into `SITE`.
 *
 * @param base the path of its home page
 */
export async function buildSite(base: string): Promise<void> {
  await collectPages();
  await build(TOOL, { base });
}
