/** Builds the site: collects its pages, and has VitePress make HTML of them. */

import { build } from 'vitepress';
import { collectPages } from './collect.ts';
import { TOOL } from './paths.ts';

/** Builds the site into `SITE`. */
export async function buildSite(): Promise<void> {
  await collectPages();
  await build(TOOL);
}
