/** Builds the site: collects its pages, and has VitePress make HTML of them. */

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
