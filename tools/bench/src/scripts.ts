// The scripts of measured processes and of the load generator: their paths, and the commands that run them on Node.
import { fileURLToPath } from 'node:url';
import type { Command } from './child.ts';

/** Further options for a script on Node. */
export interface NodeOptions {
  /** Flags of Node itself, before the script. */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly core?: number | undefined;
}

/** Set for each library that uses `bufferutil`, so that the outer environment has no effect. */
export const WITH_BUFFERUTIL = { WS_NO_BUFFER_UTIL: '' };
export const WITHOUT_BUFFERUTIL = { WS_NO_BUFFER_UTIL: '1' };

/** The path of a script by its name. */
export function pathOfScript(name: string): string {
  return fileURLToPath(new URL(`./measured/${name}.mjs`, import.meta.url));
}

/** The command that runs a script on this Node, with its task. */
export function nodeCommand(name: string, task: object, options: NodeOptions = {}): Command {
  const { flags = [], env, core } = options;
  return {
    onNode: true,
    program: process.execPath,
    args: [...flags, pathOfScript(name), JSON.stringify(task)],
    ...{ env, core },
  };
}

/** The command that runs the load generator on a core. */
export function loadCommand(core: number | undefined): Command {
  const script = fileURLToPath(new URL('./load/main.ts', import.meta.url));
  return { program: process.execPath, args: ['--import', import.meta.resolve('tsx'), script, '{}'], core };
}
