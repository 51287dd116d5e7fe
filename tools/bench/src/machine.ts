// What a result was measured with: without it, figures say nothing.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';

const requireHere = createRequire(import.meta.url);

/**
 * The machine, the date and the versions, by their names in a report.
 *
 * @param node The program that servers and clients on Node ran on. Default: this one.
 */
export function describeMachine(node = process.execPath): Record<string, string> {
  const [processor] = os.cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: `${processor?.model.trim() ?? 'unknown'}, ${os.availableParallelism()} cores`,
    system: `${os.type()} ${os.release().split('-', 1).join()} ${os.arch()}`,
    framewire: commit(),
    node: execFileSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' }).trim(),
    ws: versionOf('ws'),
    bufferutil: versionOf('bufferutil'),
    undici: versionOf('undici'),
  };
}

function versionOf(name: string): string {
  const path = requireHere.resolve(`${name}/package.json`);
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}

/** The commit that was measured; packages that were changed since are built from something else. */
function commit(): string {
  try {
    const args = ['rev-parse', '--short', 'HEAD'];
    return execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return 'no commit';
  }
}
