// Promises of a connection that has room again.

/** Those who wait until less than the high-water mark is waiting. */
export class DrainWaiters {
  readonly #waiting = new Set<{ resolve: () => void; reject: (reason: unknown) => void }>();

  /** A promise of the next {@link DrainWaiters.resolve}. Rejects with the reason of the signal when that aborts. */
  add(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        this.#waiting.delete(waiter);
        signal?.removeEventListener('abort', abort);
        settle();
      };
      const waiter = {
        resolve: () => {
          end(resolve);
        },
        reject: (reason: unknown) => {
          end(() => {
            // A signal may have any reason.
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
