// An example as a process, started as a reader would start it.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Child, WITHOUT_TEST_RUNNER } from '@framewire/testing';
import { onTestFinished } from 'vitest';

/** The folder of the examples. */
export const EXAMPLES = fileURLToPath(new URL('../../../packages/framewire/examples', import.meta.url));

/** The folder of the tutorial, which has one folder for each step. */
export const TUTORIAL = fileURLToPath(new URL('../../../docs/tutorial', import.meta.url));

/** The names of all examples, by their folders. */
export function exampleNames(): string[] {
  return readdirSync(EXAMPLES, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/** How an example is started. */
export interface StartOptions {
  /** The program in the example's folder. Default: `index.js`. */
  readonly program?: string;
  /** The folder that contains the example's folder. Default: {@link EXAMPLES}. */
  readonly folder?: string;
  readonly args?: readonly string[];
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A running example. */
export class Example extends Child {
  /** Starts a program of an example, and kills it when the test is over. */
  static start(name: string, options: StartOptions = {}): Example {
    const { program = 'index.js', folder = EXAMPLES, args = [], env = {} } = options;
    const example = new Example(process.execPath, [program, ...args], {
      cwd: join(folder, name),
      env: { ...WITHOUT_TEST_RUNNER, PORT: '0', ...env },
      input: true,
    });
    onTestFinished(async () => {
      await example.stop('SIGKILL');
    });
    return example;
  }

  /** Starts a server, and waits for the URL that it prints. */
  static async serve(name: string, options: StartOptions = {}): Promise<[example: Example, url: string]> {
    const example = Example.start(name, options);
    const [url] = await example.printed(/^(?:ws|http)s?:\/\/\S+:\d+$/m);
    return [example, url];
  }
}
