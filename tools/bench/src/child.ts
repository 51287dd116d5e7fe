// A process that the driver starts, pins to a core, sends requests to, and ends.
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';

/** How a process is started. */
export interface Command {
  /** Whether `program` is Node, so that `--node` can replace it. Default: false. */
  readonly onNode?: boolean;
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** The core that it is pinned to. Default: any. */
  readonly core?: number | undefined;
}

interface Answer {
  readonly ready?: unknown;
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: string;
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** How long an answer may take. Without a limit, the driver would wait indefinitely if a server loses a message. */
const PATIENCE_MS = 120_000;
/** How many characters of the standard error are kept for the error message. */
const KEPT_ERRORS = 2000;

/** A child process that answers requests in lines of JSON. */
export class Child {
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #waiting = new Map<number, Waiting>();
  readonly #ended: Promise<void>;
  #waitingForReady: Waiting | undefined;
  #lastId = 0;
  #rest = '';
  #complaints = '';
  #gone: Error | undefined;

  /**
   * Starts a process.
   *
   * @returns The process, and the data that it sent when it was ready.
   * @throws {Error} If it ends before that, or is not ready in time.
   */
  static async start(command: Command): Promise<{ child: Child; ready: unknown }> {
    const child = new Child(command);
    const ready = new Promise((resolve, reject) => {
      child.#waitingForReady = inTime('not ready', resolve, reject);
    });
    try {
      return { child, ready: await ready };
    } catch (error) {
      await child.stop();
      throw error;
    }
  }

  private constructor({ program, args, env, core }: Command) {
    const line = core === undefined ? [program, ...args] : ['taskset', '-c', String(core), program, ...args];
    const [first = program, ...others] = line;
    this.#process = spawn(first, others, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    this.#process.stdout.setEncoding('utf8').on('data', (text: string) => this.#read(text));
    this.#process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints = (this.#complaints + text).slice(-KEPT_ERRORS);
    });
    this.#process.stdin.on('error', () => undefined);
    this.#process.on('error', (error) => this.#fail(error));
    this.#ended = once(this.#process, 'close').then(
      ([code, signal]) => this.#fail(new Error(this.#describeEnd(String(code ?? signal)))),
      () => undefined,
    );
  }

  /** Why the process has ended; undefined while it runs. */
  get gone(): Error | undefined {
    return this.#gone;
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** Sends a request. Rejects if the process reports an error, or ends. */
  call(command: string, argument?: unknown): Promise<unknown> {
    if (this.#gone) return Promise.reject(this.#gone);
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, inTime(`no answer to ${command}`, resolve, reject));
      this.#process.stdin.write(`${JSON.stringify({ id, command, argument })}\n`);
    });
  }

  /** Ends the input of the process, so that it ends by itself, for example after it has written a profile. Waits for its end. */
  async finish(): Promise<void> {
    this.#process.stdin.end();
    const late = setTimeout(() => this.#process.kill('SIGKILL'), PATIENCE_MS);
    await this.#ended;
    clearTimeout(late);
  }

  /** Kills the process and waits for its end. */
  async stop(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#ended;
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#hear(JSON.parse(line) as Answer);
  }

  #hear({ ready, id, result, error }: Answer): void {
    if (ready !== undefined) {
      this.#waitingForReady?.resolve(ready);
      return;
    }
    const waiting = this.#waiting.get(id ?? 0);
    this.#waiting.delete(id ?? 0);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(error));
  }

  #describeEnd(how: string): string {
    const complaints = this.#complaints.trim();
    return complaints === '' ? `ended with ${how}` : `ended with ${how}: ${complaints}`;
  }

  #fail(error: Error): void {
    this.#gone ??= error;
    this.#waitingForReady?.reject(error);
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

/** Adds a time limit. After it, the promise rejects. */
function inTime(complaint: string, resolve: Waiting['resolve'], reject: Waiting['reject']): Waiting {
  const late = (): void => reject(new Error(`${complaint} within ${PATIENCE_MS / 1000} s`));
  const timer = setTimeout(late, PATIENCE_MS);
  return {
    resolve: (result) => {
      clearTimeout(timer);
      resolve(result);
    },
    reject: (error) => {
      clearTimeout(timer);
      reject(error);
    },
  };
}
