/** Running another program and keeping what it prints. */

import { spawn } from 'node:child_process';
import { failed, passed } from './outcome.ts';
import { ROOT } from './workspace.ts';
import type { Outcome } from './outcome.ts';

/** What a program came to. */
export interface Finished {
  /** The exit code; -1 when a signal ended it or it could not be started. */
  code: number;
  /** Both of its streams, as they came. */
  output: string;
}

export interface CommandOptions {
  /** The working directory; the root of the workspace by default. */
  cwd?: string;
  /** Variables beside those of this process. */
  env?: Record<string, string>;
}

/** Runs a program to its end; never rejects. */
export function run(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<Finished> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: options.cwd ?? ROOT,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    child.on('error', (error) => {
      resolve({ code: -1, output: `${command}: ${error.message}` });
    });
    child.on('close', (code, signal) => {
      resolve({ code: code ?? -1, output: signal ? `${output}\n${command} was ended by ${signal}` : output });
    });
  });
}

/** One check that passes when the program ends with 0, else shows all that it printed. */
export async function commandCheck(
  name: string,
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<Outcome> {
  const { code, output } = await run(command, args, options);
  return code === 0 ? passed() : failed(`${name}:\n${output.trimEnd()}`);
}
