// A child process: what it prints, what it reads, and how it ends.
import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { isAbsolute } from 'node:path';

/** How a process is started. */
export interface ChildOptions {
  readonly cwd?: string | undefined;
  /** Changes to the environment of this process. `undefined` removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Milliseconds until the process is killed. Default: no limit. */
  readonly timeout?: number | undefined;
  /** Whether the process has a standard input, for {@link Child.type}. Default: false. */
  readonly input?: boolean;
}

/** The result of a process. */
export interface Finished {
  /** The exit code, or `null` if a signal ended the process. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Both streams, in the order in which they arrived. */
  readonly output: string;
}

/** Changes to the environment that remove the variables of a test runner. */
export const WITHOUT_TEST_RUNNER = { NODE_OPTIONS: undefined, NODE_ENV: undefined };

/** The options of Node that run TypeScript: against the build if FRAMEWIRE_BUILT is set, otherwise against the sources. */
export const NODE_OPTIONS: readonly string[] = [
  ...(process.env['FRAMEWIRE_BUILT'] ? [] : ['--conditions=@framewire/source']),
  ...['--import', 'tsx'],
];

/**
 * What to spawn for a program: the command, its arguments, and whether the shell runs them.
 *
 * On Windows, npm and the commands of packages are scripts, which only the shell starts.
 */
export function commandLine(
  program: string,
  args: readonly string[],
  platform = process.platform,
): [command: string, args: readonly string[], shell: boolean] {
  if (platform !== 'win32' || isAbsolute(program)) return [program, args, false];
  return [
    [program, ...args.map((arg) => (/^[-\w@./:\\=]+$/.test(arg) ? arg : `"${arg}"`))].join(' '),
    [],
    true,
  ];
}

/** A running process. */
export class Child {
  readonly #process: ChildProcess;
  readonly #texts = { stdout: '', stderr: '', output: '' };
  readonly #events = new EventEmitter();
  #hasEnded = false;
  /** The result. Rejects if the process could not be started. */
  readonly ended: Promise<Finished>;

  constructor(program: string, args: readonly string[], options: ChildOptions = {}) {
    const { cwd, env, timeout, input = false } = options;
    const [command, rest, shell] = commandLine(program, args);
    this.#process = spawn(command, rest, {
      ...{ shell, cwd, timeout, killSignal: 'SIGKILL', env: { ...process.env, ...env } },
      stdio: [input ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    });
    for (const name of ['stdout', 'stderr'] as const) {
      this.#process[name]?.setEncoding('utf8').on('data', (text: string) => {
        this.#texts[name] += text;
        this.#texts.output += text;
        this.#events.emit('change');
      });
    }
    this.ended = this.#end();
    this.ended.catch(() => {});
  }

  async #end(): Promise<Finished> {
    try {
      const [code, signal] = (await once(this.#process, 'close')) as [number | null, NodeJS.Signals | null];
      return { code, signal, ...this.#texts };
    } finally {
      this.#hasEnded = true;
      this.#events.emit('change');
    }
  }

  /** The id of the process. 0 if it could not be started. */
  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** What the process has printed to both streams. */
  get output(): string {
    return this.#texts.output;
  }

  get isRunning(): boolean {
    return !this.#hasEnded;
  }

  /** Waits for output that matches. Rejects if the process ends without it. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.output);
      if (match !== null) return match;
      if (this.#hasEnded) throw new Error(`ended without printing ${String(pattern)}:\n${this.output}`);
      await once(this.#events, 'change');
    }
  }

  /** Writes to the standard input. */
  type(text: string): void {
    this.#process.stdin?.write(text);
  }

  /** Ends the standard input. */
  endInput(): void {
    this.#process.stdin?.end();
  }

  /** Sends a signal without waiting. */
  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Waits for the end, and returns the exit code: `null` if a signal ended the process. */
  async exitCode(): Promise<number | null> {
    return (await this.ended).code;
  }

  /** Sends a signal that ends the process, and waits for the end. Returns the exit code. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.#process.kill(signal);
    return this.exitCode();
  }
}

/** Runs a program to its end. Rejects if it could not be started. */
export function run(program: string, args: readonly string[], options?: ChildOptions): Promise<Finished> {
  return new Child(program, args, options).ended;
}

/**
 * Runs a program that must end with 0, and returns what it printed to its standard output.
 *
 * @throws {Error} With the output, if the program fails.
 */
export async function must(
  program: string,
  args: readonly string[],
  cwd?: string,
  env?: ChildOptions['env'],
): Promise<string> {
  const { code, stdout, output } = await run(program, args, { cwd, env });
  if (code !== 0) throw new Error(`${program} ${args.join(' ')}:\n${output}`.trimEnd());
  return stdout;
}
