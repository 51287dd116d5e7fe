/** Checks the addresses in the manifest of a package, and the links of its README. */

import type { Manifest } from './workspace.ts';

/** The parts of the workspace's own manifest that the manifest of every package must match. */
export type Origin = Pick<Manifest, 'bugs' | 'repository'>;

/** The address of the repository, for a browser. */
function addressOf({ repository }: Origin): string {
  return (repository?.url ?? '').replace(/^git\+/, '').replace(/\.git$/, '');
}

/**
 * What is wrong with the addresses in a manifest.
 *
 * @param folder The package's folder, relative to the root of the repository, with forward slashes.
 * @param origin The manifest at the root, the one place where the address of the repository is written.
 */
export function judgeAddresses(manifest: Manifest, folder: string, origin: Origin): string[] {
  const wanted: Pick<Manifest, 'bugs' | 'homepage' | 'repository'> = {
    homepage: `${addressOf(origin)}/tree/main/${folder}#readme`,
    bugs: origin.bugs,
    repository: { type: 'git', url: origin.repository?.url ?? '', directory: folder },
  };
  return (['homepage', 'bugs', 'repository'] as const)
    .filter((name) => JSON.stringify(manifest[name]) !== JSON.stringify(wanted[name]))
    .map((name) => `"${name}" is ${JSON.stringify(manifest[name])}, not ${JSON.stringify(wanted[name])}`);
}

/** A complaint for each relative link of a README, which leads nowhere in an installed package. */
export function judgeLinks(text: string): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^(#|[a-z]+:)/.test(link))
    .map((link) => `${link} is relative: an installed package has no such file`);
}
