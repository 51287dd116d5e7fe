/** The modules that programs import, and their exports as TypeDoc reads them from the sources. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Application, type DeclarationReflection } from 'typedoc';
import { ROOT, TOOL } from '../paths.ts';

/** A module that a published package exports. */
export interface Module {
  /** The name that programs import it by. */
  name: string;
  /** The path of its source. */
  source: string;
}

/** The parts of a manifest that name the modules of a package. */
interface Manifest {
  name: string;
  exports: Record<string, string | { '@framewire/source'?: string | { default: string } }>;
}

/** The umbrella exports its class for `require()` under a quoted name, which TypeDoc would use. So it reads the file with the named exports. */
const NAMED_EXPORTS = new Map([['packages/framewire/src/index.ts', 'packages/framewire/src/exports.ts']]);

/** Every module of the published packages. */
export function publicModules(): Module[] {
  return readdirSync(join(ROOT, 'packages')).flatMap((folder) => {
    const path = `packages/${folder}`;
    const { name, exports } = JSON.parse(readFileSync(join(ROOT, path, 'package.json'), 'utf8')) as Manifest;
    return Object.entries(exports).flatMap(([key, entry]) => {
      const found = typeof entry === 'string' ? undefined : entry['@framewire/source'];
      if (found === undefined) return [];
      const source = `${path}/${(typeof found === 'string' ? found : found.default).replace('./', '')}`;
      return [{ name: name + key.slice(1), source: join(ROOT, NAMED_EXPORTS.get(source) ?? source) }];
    });
  });
}

/**
 * Reads the docstrings of modules.
 *
 * @returns a reflection for each, with its name
 */
export async function readModules(modules: readonly Module[]): Promise<DeclarationReflection[]> {
  const app = await Application.bootstrap({
    entryPoints: modules.map(({ source }) => source),
    tsconfig: join(TOOL, 'tsconfig.reference.json'),
    // Another step of npm test runs the compiler.
    skipErrorChecking: true,
    excludeInternal: true,
    excludePrivate: true,
    excludeProtected: true,
    // Node's documentation describes what classes inherit from Node.
    excludeExternals: true,
    disableSources: true,
    readme: 'none',
    logLevel: 'Error',
    validation: false,
  });
  const entries = app.getEntryPoints() ?? [];
  if (entries.length !== modules.length) throw new Error('TypeDoc does not find the source of every module');
  const named = entries.map((entry, index) => ({ ...entry, displayName: modules[index]?.name ?? '' }));
  return app.converter.convert(named).children ?? [];
}
