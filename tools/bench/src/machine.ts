// The machine and the versions that a result was measured with.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';

/** The files that are measured, from the root of the repository. READMEs are left out, because they show the results. */
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
 * @param program Its path.
 * @throws {TypeError} With a sentence for the user, if the program is not Node.
 */
export function versionOfNode(program: string): string {
  const { error, stdout } = spawnSync(program, ['-p', 'process.versions.node'], { encoding: 'utf8' });
  const version = error ? '' : stdout.trim();
  if (/^\d+\.\d+\.\d+/.test(version)) return version;
  throw new TypeError(`--node must be the path of a Node binary, and "${program}" is not one.`);
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
