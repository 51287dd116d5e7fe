// An example as a process of its own, started the way a reader starts it, and what it has printed.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
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
  /** The program in the example's folder. Default `index.js`. */
  readonly program?: string;
  /** The folder that has the example's folder. Default {@link EXAMPLES}. */
  readonly folder?: string;
  readonly args?: readonly string[];
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A running example. */
export class Example {
  readonly #child: ChildProcess;
  #output = '';
  #ended: Promise<number | null>;
  /** Whether it has gone, and all that it printed has come. */
  #isGone = false;

  private constructor(
    name: string,
    { program = 'index.js', folder = EXAMPLES, args = [], env = {} }: StartOptions,
  ) {
    // What the test runner tells its own processes is not for the example.
    const { NODE_OPTIONS: _options, NODE_ENV: _mode, ...inherited } = process.env;
    this.#child = spawn(process.execPath, [program, ...args], {
      cwd: join(folder, name),
      env: { ...inherited, PORT: '0', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
        this.#child.emit('said');
      });
    }
    this.#ended = once(this.#child, 'close').then(([code]) => {
      this.#isGone = true;
      this.#child.emit('said');
      return code as number | null;
    });
  }

  /** Starts a program of an example; it is gone when the test is over. */
  static start(name: string, options: StartOptions = {}): Example {
    const example = new Example(name, options);
    onTestFinished(async () => {
      example.#child.kill('SIGKILL');
      await example.#ended;
    });
    return example;
  }

  /** Starts a server, and waits for the URL that it prints. */
  static async serve(name: string, options: StartOptions = {}): Promise<[example: Example, url: string]> {
    const example = Example.start(name, options);
    const [url] = await example.said(/^(?:ws|http)s?:\/\/\S+:\d+$/m);
    return [example, url];
  }

  /** Everything it has printed. */
  get output(): string {
    return this.#output;
  }

  /** What in its output matches, as soon as something does. */
  async said(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.#output);
      if (match !== null) return match;
      if (this.#isGone) {
        throw new Error(`ended without saying ${String(pattern)}:\n${this.#output}`);
      }
      await once(this.#child, 'said');
    }
  }

  /** Types a text at its terminal. */
  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** Ends its input, as Ctrl-D does. */
  endInput(): void {
    this.#child.stdin?.end();
  }

  /** Its exit code, once it has ended by itself. */
  async ended(): Promise<number | null> {
    return this.#ended;
  }

  /** Stops it as Ctrl-C does, and gives the exit code: 0 where it has put its things in order, null where it was killed by it. */
  async interrupt(): Promise<number | null> {
    return this.stop('SIGINT');
  }

  /** As {@link Example.interrupt}, by any signal. */
  async stop(signal: NodeJS.Signals): Promise<number | null> {
    this.#child.kill(signal);
    return this.#ended;
  }

  /** Stops it in the middle of everything, as a machine does that loses its network: nothing is closed, nothing answers. */
  freeze(): void {
    this.#child.kill('SIGSTOP');
  }
}
