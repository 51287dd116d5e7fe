// Reads one HTTP head from a socket, with a timeout.
import type { Socket } from 'node:net';
import type { HeadParser, HeadResult, RequestHead, ResponseHead } from '@framewire/handshake';

/** Why there is no head: it took too long, or the socket closed before the head was complete. */
export type NoHead = 'timeout' | 'closed';

/**
 * Reads a head and pauses the socket. The bytes after the head can be read from it next.
 *
 * @param timeout - milliseconds for the whole head, no matter how often bytes arrive
 */
export function readHead<Head extends RequestHead | ResponseHead>(
  socket: Socket,
  parser: HeadParser<Head>,
  timeout: number,
): Promise<HeadResult<Head> | NoHead> {
  return new Promise((resolve) => {
    const timer = setTimeout(settle, timeout, 'timeout');
    const onData = (chunk: Buffer): void => {
      const result = parser.push(chunk);
      if (result !== undefined) settle(result);
    };
    const onClosed = (): void => settle('closed');
    socket.on('data', onData).on('end', onClosed).on('close', onClosed);
    socket.resume();

    function settle(result: HeadResult<Head> | NoHead): void {
      clearTimeout(timer);
      socket.pause();
      socket.off('data', onData).off('end', onClosed).off('close', onClosed);
      if (typeof result === 'object' && result.ok && result.rest.length > 0) socket.unshift(result.rest);
      resolve(result);
    }
  });
}
