// What a result was measured with: without it, figures say nothing.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';

/** What is measured, from the root of the repository: not the READMEs, which show what was. */
const PACKAGES = [':(top,glob)packages/*/src/**', ':(top,glob)packages/*/package.json'];

const requireHere = createRequire(import.meta.url);

/**
 * The machine, the date and the versions, by their names in a report.
 *
 * @param node The version of Node that servers and clients ran on.
 */
export function describeMachine(node: string): Record<string, string> {
  const [processor] = os.cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: `${processor?.model.trim() ?? 'unknown'}, ${os.availableParallelism()} cores`,
    system: `${os.type()} ${os.release().split('-', 1).join()} ${os.arch()}`,
    framewire: commit(),
    node,
    ws: versionOf('ws'),
    bufferutil: versionOf('bufferutil'),
    undici: versionOf('undici'),
    websocket: versionOf('websocket'),
    'faye-websocket': versionOf('faye-websocket'),
  };
}

/**
 * The version of a Node.
 *
 * @param program Where it is.
 * @throws {TypeError} With a sentence for the user when no Node is there.
 */
export function versionOfNode(program: string): string {
  const { error, stdout } = spawnSync(program, ['-p', 'process.versions.node'], { encoding: 'utf8' });
  const version = error ? '' : stdout.trim();
  if (/^\d+\.\d+\.\d+/.test(version)) return version;
  throw new TypeError(`--node is the path of a Node, which "${program}" is not.`);
}

/** The version of a package that this one depends on. */
export function versionOf(name: string): string {
  const path = requireHere.resolve(`${name}/package.json`);
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}

/** The last commit that changed the packages, and whether they have been changed since. */
function commit(): string {
  try {
    const changes = git('status', '--porcelain', '--', ...PACKAGES) === '' ? '' : ' with changes';
    return `${git('log', '-1', '--format=%h', '--', ...PACKAGES)}${changes}`;
  } catch {
    return 'no commit';
  }
}

function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8', stdio: 'pipe' }).trim();
}
