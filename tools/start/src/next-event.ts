/** Waits for one event of a connection, and fails with a clear reason if it can no longer occur. */

import type { EventEmitter } from 'node:events';

const TIMEOUT_MS = 5_000;

/**
 * Resolves with the arguments of the next event of this name.
 *
 * @param socket A connection, or another emitter of `error` and `close`.
 * @param name `open`, `message`, `pong`, `close`, ...
 * @throws If the connection fails or closes first, or the event does not occur within five seconds.
 */
export function nextEvent(socket: EventEmitter, name: string): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const settle = (action: () => void): void => {
      clearTimeout(timer);
      socket.off(name, onEvent);
      socket.off('error', fail);
      socket.off('close', onClose);
      action();
    };
    const onEvent = (...list: unknown[]): void => {
      settle(() => {
        resolve(list);
      });
    };
    const fail = (reason: Error): void => {
      settle(() => {
        reject(reason);
      });
    };
    const onClose = (code: number): void => {
      fail(new Error(`the connection closed with code ${code}`));
    };
    const timer = setTimeout(() => {
      fail(new Error(`no ${name} event within ${TIMEOUT_MS / 1000} seconds`));
    }, TIMEOUT_MS);
    socket.on(name, onEvent);
    socket.on('error', fail);
    if (name !== 'close') socket.on('close', onClose);
  });
}
