/** Finds the packages that an installation loads as ws. */

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The parts of a package.json that identify a package. */
interface Manifest {
  name?: string;
  version?: string;
}

/**
 * Returns the packages below a folder that would be loaded as ws, as `name@version`. They are in a folder `ws` of a node_modules, or have
 * the name ws in their manifest.
 */
export function copiesOfWs(folder: string): string[] {
  return manifestsBelow(join(folder, 'node_modules')).flatMap((path) => {
    const { name, version } = JSON.parse(readFileSync(path, 'utf8')) as Manifest;
    return name === 'ws' || path.endsWith(join('node_modules', 'ws', 'package.json'))
      ? [`${name ?? ''}@${version ?? ''}`]
      : [];
  });
}

/** The package.json of every package below a node_modules, at any depth. */
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

/** The packages directly in a node_modules, including those with a scope. */
function packageFolders(nodeModules: string): string[] {
  return readdirSync(nodeModules, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .flatMap(({ name }) =>
      name.startsWith('@') ? packageFolders(join(nodeModules, name)) : [join(nodeModules, name)],
    );
}
