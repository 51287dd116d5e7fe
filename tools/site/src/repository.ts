/** The web addresses of the repository and of the published site, from the manifest at the root of the checkout. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './paths.ts';

function readManifest(): { homepage: string; repository: { url: string } } {
  return JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as ReturnType<typeof readManifest>;
}

/** The address of the repository on the web. */
export function repositoryAddress(): string {
  return readManifest()
    .repository.url.replace(/^git\+/, '')
    .replace(/\.git$/, '');
}

/** The address of the published site, with a slash at its end. */
export function siteAddress(): string {
  return readManifest().homepage;
}
