/** Running another program to its end. */

import { spawn } from 'node:child_process';

/** What a program came to. */
export interface Finished {
  /** The exit code; -1 when a signal ended it. */
  code: number;
  stdout: string;
  stderr: string;
}

export interface CommandOptions {
  cwd?: string;
  /** Variables beside those of this process. */
  env?: Record<string, string>;
  /** Milliseconds after which the program is killed; without it, never. */
  timeout?: number;
}

/**
 * Runs a program to its end.
 *
 * @throws {Error} Where it cannot be started.
 */
export function run(
  command: string,
  args: readonly string[],
  { cwd, env, timeout }: CommandOptions = {},
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      timeout,
      killSignal: 'SIGKILL',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const finished = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        finished[name] += text;
      });
    }
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? -1, ...finished }));
  });
}

/**
 * What a program printed.
 *
 * @throws {Error} With all that it printed, where it did not end with 0.
 */
export async function must(command: string, args: readonly string[], cwd?: string): Promise<string> {
  const { code, stdout, stderr } = await run(command, args, cwd === undefined ? {} : { cwd });
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}:\n${stdout}${stderr}`.trimEnd());
  return stdout;
}
