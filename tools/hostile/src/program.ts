// A process of its own, started from a file of this folder, that answers questions.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

interface Answer {
  readonly id: number;
  readonly value: unknown;
}

/** The asking side. */
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

  /** Starts a file, with the garbage collector in its hands, against the sources or the build as the tests are. */
  static start(file: string, ...args: string[]): Program {
    const conditions = process.env['FRAMEWIRE_BUILT'] ? [] : ['--conditions=@framewire/source'];
    return new Program(
      fork(fileURLToPath(new URL(file, import.meta.url)), args, {
        execArgv: ['--expose-gc', ...conditions, '--import', 'tsx'],
      }),
    );
  }

  /** The answer to a question; an error when the process ends instead. */
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

/** The answering side: each question has a function, whose value is the answer. */
export function answer(questions: Readonly<Record<string, (detail: never) => unknown>>): void {
  process.on('message', (message: { id: number; question: string; detail: never }) => {
    const { id, question, detail } = message;
    void Promise.resolve(questions[question]?.(detail)).then((value) => process.send?.({ id, value }));
  });
  // Whoever started it has gone.
  process.on('disconnect', () => process.exit());
}
