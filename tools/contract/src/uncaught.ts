// Uncaught exceptions that a test expects.
import process from 'node:process';

/** Returns the next uncaught exception, instead of passing it to the test runner. */
export function catchNextException(take: (error: unknown) => void): void {
  const others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.once('uncaughtException', (error) => {
    for (const other of others) process.on('uncaughtException', other);
    take(error);
  });
}
