/** What a package says of where it comes from: the addresses in its manifest, and the links of its README. */

import type { Manifest } from './workspace.ts';

/** The parts of the workspace's own manifest that every package's follow. */
export type Origin = Pick<Manifest, 'bugs' | 'repository'>;

/** The address of the repository, for a browser. */
function addressOf({ repository }: Origin): string {
  return (repository?.url ?? '').replace(/^git\+/, '').replace(/\.git$/, '');
}

/**
 * What is wrong with the addresses in a manifest.
 *
 * @param folder The package's, from the root of the repository, with forward slashes.
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
    .map((name) => `"${name}" is ${JSON.stringify(manifest[name])}, and not ${JSON.stringify(wanted[name])}`);
}

/** The links of a README that lead nowhere in an installed package: those that are relative. */
export function judgeLinks(text: string): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^(#|[a-z]+:)/.test(link))
    .map((link) => `${link} is relative: an installed package has no such file`);
}
