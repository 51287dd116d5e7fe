/** The packages that an installation has in the place of ws. */

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The parts of a package.json that say what a folder holds. */
interface Manifest {
  name?: string;
  version?: string;
}

/**
 * What would be loaded as ws somewhere below a folder, as `name@version`: whatever lies in a folder of that name among
 * node_modules, and whatever says that it is ws, wherever it lies.
 */
export function copiesOfWs(folder: string): string[] {
  return manifestsBelow(join(folder, 'node_modules')).flatMap((path) => {
    const { name, version } = JSON.parse(readFileSync(path, 'utf8')) as Manifest;
    return name === 'ws' || path.endsWith(join('node_modules', 'ws', 'package.json'))
      ? [`${name ?? ''}@${version ?? ''}`]
      : [];
  });
}

/** The package.json of every package below a node_modules, however deep. */
function manifestsBelow(folder: string): string[] {
  return packageFolders(folder).flatMap((path) => {
    const manifest = join(path, 'package.json');
    const nested = join(path, 'node_modules');
    return [
      ...(existsSync(manifest) ? [manifest] : []),
      ...(existsSync(nested) ? manifestsBelow(nested) : []),
    ];
  });
}

/** The packages directly in a node_modules, those with a scope too. */
function packageFolders(nodeModules: string): string[] {
  return readdirSync(nodeModules, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .flatMap(({ name }) =>
      name.startsWith('@') ? packageFolders(join(nodeModules, name)) : [join(nodeModules, name)],
    );
}
