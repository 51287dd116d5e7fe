/** Folders that are kept from one run for the next: by a link for each key, so that runs at the same time never share one half made. */

import {
  existsSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';

/** How long a folder is kept that no run has asked for, in ms: far longer than a run may take. */
const UNUSED = 24 * 60 * 60 * 1000;

/**
 * The folder that is kept for a key, or one that is made now. It is linked when it is whole; where another run was faster, its
 * folder is taken and the own one removed. What has not been asked for since a day is removed.
 *
 * @param links the folder of the links, named by their keys
 * @param make makes the folder, anywhere
 */
export async function kept(links: string, key: string, make: () => Promise<string>): Promise<string> {
  mkdirSync(links, { recursive: true });
  removeUnused(links);
  const link = join(links, key);
  if (existsSync(link)) return used(link);
  const folder = await make();
  // Its folder may have been cleared away since.
  if (!existsSync(link)) rmSync(link, { force: true });
  try {
    symlinkSync(folder, link, 'junction');
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return used(link);
}

/** Where a link leads, from now on kept for another day. */
function used(link: string): string {
  const now = new Date();
  lutimesSync(link, now, now);
  return readlinkSync(link);
}

function removeUnused(links: string): void {
  for (const entry of readdirSync(links, { withFileTypes: true })) {
    const link = join(links, entry.name);
    if (!entry.isSymbolicLink() || Date.now() - lstatSync(link).mtimeMs < UNUSED) continue;
    const folder = readlinkSync(link);
    // First the link, so that no other run finds the folder.
    rmSync(link, { force: true });
    rmSync(folder, { recursive: true, force: true });
  }
}
