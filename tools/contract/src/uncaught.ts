// Uncaught exceptions that a test expects.
import process from 'node:process';

/** Passes the next uncaught exception to `take` instead of the test runner. */
export function catchNextException(take: (error: unknown) => void): void {
  const others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.once('uncaughtException', (error) => {
    for (const other of others) process.on('uncaughtException', other);
    take(error);
  });
}
