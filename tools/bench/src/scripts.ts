// The scripts of measured processes: where they lie, and how Node runs one.
import { fileURLToPath } from 'node:url';
import type { Command } from './child.ts';

/** How else Node is to run a script. */
export interface NodeOptions {
  /** What Node itself is told, before the script. */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly core?: number | undefined;
}

/** Said to each that knows `bufferutil`, whatever the environment says. */
export const WITH_BUFFERUTIL = { WS_NO_BUFFER_UTIL: '' };
export const WITHOUT_BUFFERUTIL = { WS_NO_BUFFER_UTIL: '1' };

/** The path of a script by its name, for runtimes that are called in their own way. */
export function pathOfScript(name: string): string {
  return fileURLToPath(new URL(`./measured/${name}.mjs`, import.meta.url));
}

/** A script that the Node at hand runs, with the task it is told. */
export function nodeCommand(name: string, task: object, options: NodeOptions = {}): Command {
  const { flags = [], env, core } = options;
  return {
    onNode: true,
    program: process.execPath,
    args: [...flags, pathOfScript(name), JSON.stringify(task)],
    ...{ env, core },
  };
}
