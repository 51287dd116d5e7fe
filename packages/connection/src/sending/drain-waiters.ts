// The promises that `drained()` has returned and that are not settled yet.

interface Waiter {
  resolve(): void;
  reject(reason: unknown): void;
}

export class DrainWaiters {
  readonly #waiting = new Set<Waiter>();

  /** Returns a promise that the next {@link DrainWaiters.resolve} resolves. It rejects with the reason of the signal when the signal aborts. */
  add(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        this.#waiting.delete(waiter);
        signal?.removeEventListener('abort', abort);
        settle();
      };
      const waiter: Waiter = {
        resolve: () => {
          end(resolve);
        },
        reject: (reason) => {
          end(() => {
            // The reason of a signal may be any value.
            // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
            reject(reason);
          });
        },
      };
      const abort = (): void => {
        waiter.reject(signal?.reason);
      };
      this.#waiting.add(waiter);
      signal?.addEventListener('abort', abort);
    });
  }

  resolve(): void {
    for (const waiter of [...this.#waiting]) waiter.resolve();
  }

  reject(reason: Error): void {
    for (const waiter of [...this.#waiting]) waiter.reject(reason);
  }
}
