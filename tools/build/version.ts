// Raises the versions of the packages and writes their changelogs, from the changesets: npx tsx tools/build/version.ts
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { groupEntries } from './changelog.ts';

const folders = [...readdirSync('packages').map((name) => `packages/${name}`), 'autobahn'];

/** The changelogs of all packages, by path. */
function changelogs(): Map<string, string> {
  const paths = folders.map((folder) => `${folder}/CHANGELOG.md`).filter((path) => existsSync(path));
  return new Map(paths.map((path) => [path, readFileSync(path, 'utf8')]));
}

const before = changelogs();
// On Windows, npx is a batch file, which needs a shell.
execFileSync('npx', ['changeset', 'version'], { stdio: 'inherit', shell: process.platform === 'win32' });
for (const [path, text] of changelogs())
  if (text !== before.get(path)) writeFileSync(path, groupEntries(text));
