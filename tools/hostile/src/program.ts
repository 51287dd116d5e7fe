// A separate process, started from a file of this folder, that answers requests.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

interface Answer {
  readonly id: number;
  readonly value: unknown;
}

/** The side that sends requests. */
export class Program {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (value: unknown) => void>();
  readonly #exit: Promise<never>;
  #asked = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#exit = once(child, 'exit').then(([code, signal]) => {
      throw new Error(`The process under attack has ended: ${String(code ?? signal)}`);
    });
    this.#exit.catch(() => {});
    child.on('message', ({ id, value }: Answer) => {
      this.#waiting.get(id)?.(value);
      this.#waiting.delete(id);
    });
  }

  /** Starts a file with access to the garbage collector, against the sources or the build, like the tests. */
  static start(file: string, ...args: string[]): Program {
    const conditions = process.env['FRAMEWIRE_BUILT'] ? [] : ['--conditions=@framewire/source'];
    return new Program(
      fork(fileURLToPath(new URL(file, import.meta.url)), args, {
        execArgv: ['--expose-gc', ...conditions, '--import', 'tsx'],
      }),
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

/** The side that answers: each request has a function, which returns the answer. */
export function answer(questions: Readonly<Record<string, (detail: never) => unknown>>): void {
  process.on('message', (message: { id: number; question: string; detail: never }) => {
    const { id, question, detail } = message;
    void Promise.resolve(questions[question]?.(detail)).then((value) => process.send?.({ id, value }));
  });
  // The parent process has ended.
  process.on('disconnect', () => process.exit());
}
