/** The published packages as a user would download them: packed by pnpm, which also publishes them. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { must } from './child.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** One packed package. */
export interface PackedPackage {
  name: string;
  version: string;
  /** The path of the packed file. */
  filename: string;
  /** Its hash, in the format of lockfiles. The same files always have the same hash. */
  integrity: string;
}

/** What pnpm reports about each package. */
interface Listed extends PackedPackage {
  files: { path: string }[];
}

/**
 * Packs every published package of this workspace, as it was last built.
 *
 * @param destination The folder for the packed files.
 * @throws {Error} With the output of pnpm, or the name of a package that was not built.
 */
export async function packPackages(destination: string): Promise<PackedPackage[]> {
  const args = ['--filter', './packages/*', 'pack', '--pack-destination', destination, '--json'];
  const listed = JSON.parse(await pnpm(args)) as Listed[];
  return listed.map(({ name, version, filename, integrity, files }) => {
    if (!files.some(({ path }) => path.startsWith('dist/'))) {
      throw new Error(`${name} is not built: run npm run build first`);
    }
    return { name, version, filename, integrity };
  });
}

/** Runs the pnpm on PATH, where `npm test` puts the pinned version. Without one, npm fetches the pinned version. */
async function pnpm(args: readonly string[]): Promise<string> {
  try {
    return await must('pnpm', args, ROOT);
  } catch {
    // It is not on PATH. If it failed for another reason, it fails again below.
  }
  const { packageManager } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    packageManager: string;
  };
  return must('npm', ['exec', '--yes', `--package=${packageManager}`, '--', 'pnpm', ...args], ROOT);
}
