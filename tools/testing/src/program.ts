// A process that answers the requests of a test: the side of the test, and the side of the process.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { NODE_OPTIONS } from './child.ts';

interface Answer {
  readonly id: number;
  readonly value: unknown;
}

/** Raises the limit of file descriptors to 65,536, or to the most that the system allows. Each connection needs one. */
const RAISE_LIMIT = 'ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -H -n)"; exec "$0" "$@"';

/** The side of the test, which sends requests. */
export class Program {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (value: unknown) => void>();
  readonly #exit: Promise<never>;
  #asked = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#exit = once(child, 'exit').then(([code, signal]) => {
      throw new Error(`The process has ended: ${String(code ?? signal)}`);
    });
    this.#exit.catch(() => {});
    child.on('message', ({ id, value }: Answer) => {
      this.#waiting.get(id)?.(value);
      this.#waiting.delete(id);
    });
  }

  /** Starts a file with access to the garbage collector, against the sources or the build. */
  static start(file: URL, ...args: string[]): Program {
    const node = ['--expose-gc', ...NODE_OPTIONS, fileURLToPath(file), ...args];
    const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const;
    return new Program(
      process.platform === 'win32'
        ? spawn(process.execPath, node, { stdio: [...stdio] })
        : spawn('sh', ['-c', RAISE_LIMIT, process.execPath, ...node], { stdio: [...stdio] }),
    );
  }

  /** The answer to a request. Rejects if the process ends instead. */
  async ask<Value>(question: string, detail?: unknown): Promise<Value> {
    const id = ++this.#asked;
    const answer = new Promise<unknown>((resolve) => this.#waiting.set(id, resolve));
    this.#child.send({ id, question, detail });
    return (await Promise.race([answer, this.#exit])) as Value;
  }

  stop(): void {
    this.#child.kill();
  }
}

/** The side of the process: each question has a function, which returns the answer. */
export function answer(questions: Readonly<Record<string, (detail: never) => unknown>>): void {
  process.on('message', (message: { id: number; question: string; detail: never }) => {
    const { id, question, detail } = message;
    void Promise.resolve(questions[question]?.(detail)).then((value) => process.send?.({ id, value }));
  });
  // The parent process has ended.
  process.on('disconnect', () => process.exit());
}
