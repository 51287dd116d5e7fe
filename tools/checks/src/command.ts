// Runs another program, and returns its output.
import { run as runChild } from '@framewire/testing/child';
import { failed, passed, type Outcome } from './outcome.ts';
import { ROOT } from './workspace.ts';

/** The result of a program. */
export interface Finished {
  /** The exit code; -1 if a signal ended the program or it could not be started. */
  code: number;
  /** Both of its streams, in the order of arrival. */
  output: string;
}

export interface CommandOptions {
  /** The working directory; the root of the workspace by default. */
  cwd?: string;
  /** Added to the environment. */
  env?: Record<string, string>;
}

/** Runs a program to its end; never rejects. */
export async function run(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<Finished> {
  try {
    const { code, signal, output } = await runChild(command, args, { cwd: ROOT, ...options });
    return { code: code ?? -1, output: signal ? `${output}\n${command} was ended by ${signal}` : output };
  } catch (error) {
    return { code: -1, output: `${command}: ${(error as Error).message}` };
  }
}

/** A check that passes if the program ends with 0. Otherwise it shows the output. */
export async function commandCheck(
  name: string,
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<Outcome> {
  const { code, output } = await run(command, args, options);
  return code === 0 ? passed() : failed(`${name}:\n${output.trimEnd()}`);
}
