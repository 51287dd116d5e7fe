/** Folders that are kept for later runs. Each key has a link, which is made when the folder is complete, so that no run sees a partial one. */

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

/** How long an unused folder is kept, in ms: much longer than a run may take. */
const UNUSED = 24 * 60 * 60 * 1000;

/**
 * The folder that is kept for a key, or a new one. A new folder is linked when it is complete. If another run was faster, that folder is
 * used and the new one is removed. Folders that were not used for a day are removed.
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
  // The folder may have been removed since.
  if (!existsSync(link)) rmSync(link, { force: true });
  try {
    symlinkSync(folder, link, 'junction');
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return used(link);
}

/** The target of a link, which is kept for another day. */
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
