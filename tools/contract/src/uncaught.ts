// Exceptions that nobody catches, where a test wants them.
import process from 'node:process';

/** The next exception that nobody catches goes here, and not to the test runner. */
export function catchNextException(take: (error: unknown) => void): void {
  const others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.once('uncaughtException', (error) => {
    for (const other of others) process.on('uncaughtException', other);
    take(error);
  });
}
