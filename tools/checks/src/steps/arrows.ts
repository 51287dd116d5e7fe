/** The step that checks the direction of imports. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findCycles, judgeImports } from '../arrows.ts';
import { judged, sum } from '../outcome.ts';
import { publishedPackages } from '../workspace.ts';
import type { PackageSources } from '../arrows.ts';
import type { Step } from '../outcome.ts';
import type { Package } from '../workspace.ts';

export const arrows: Step = {
  name: 'arrows',
  title: 'every package imports only what the design allows, and no imports form a cycle',
  run() {
    const outcomes = publishedPackages().flatMap((each) => {
      const sources = readSources(each);
      return [
        judged(`imports of ${each.manifest.name}`, judgeImports(sources)),
        judged(`import cycles in ${each.manifest.name}`, findCycles(sources)),
      ];
    });
    return Promise.resolve(sum(outcomes));
  },
};

function readSources({ folder, path, manifest }: Package): PackageSources {
  const files = new Map<string, string>();
  for (const top of ['src', 'test']) {
    for (const file of filesBelow(path, top)) files.set(file, readFileSync(join(path, file), 'utf8'));
  }
  return { folder, manifest, files };
}

/** The TypeScript files below a folder of a package, by their path from the package. */
function filesBelow(path: string, folder: string): string[] {
  try {
    return readdirSync(join(path, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `${folder}/${name.replaceAll('\\', '/')}`);
  } catch {
    return []; // A package without tests has no such folder.
  }
}
