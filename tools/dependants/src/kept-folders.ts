/** Folders that are kept for later runs. The link of a key is created when its folder is complete, so that no run sees a partial one. */

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
 * Returns the folder that is kept for a key, or a new one. If another run has linked a folder in the meantime, uses that folder and removes
 * the new one. Removes folders that were not used for a day.
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
  // A link remains when its folder was removed.
  if (!existsSync(link)) rmSync(link, { force: true });
  try {
    symlinkSync(folder, link, 'junction');
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return used(link);
}

/** Returns the target of a link, and keeps it for another day. */
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
    // Remove the link first, so that no other run finds the folder.
    rmSync(link, { force: true });
    rmSync(folder, { recursive: true, force: true });
  }
}
