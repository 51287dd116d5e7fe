// The cores for the measured process and the load generator. Each has its own, so that they do not compete for one.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The core of the measured process and that of the load generator; undefined if processes cannot be pinned. */
export interface Cores {
  readonly measured: number | undefined;
  readonly load: number | undefined;
}

/** Two cores of those that this process may use: the first and the last. */
export function findCores(): Cores {
  const free: Cores = { measured: undefined, load: undefined };
  try {
    execFileSync('taskset', ['--version'], { stdio: 'ignore' });
    const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
    const cores = parseCoreList(list);
    return cores.length < 2 ? free : { measured: cores[0], load: cores.at(-1) };
  } catch {
    return free;
  }
}

/** Parses a list of cores: `0-2,5` is 0, 1, 2 and 5. */
export function parseCoreList(list: string): number[] {
  if (list === '') return [];
  return list.split(',').flatMap((part) => {
    const [first = Number.NaN, last = first] = part.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}
