// Reads one HTTP head from a socket, within a time.
import type { Socket } from 'node:net';
import type { HeadParser, HeadResult, RequestHead, ResponseHead } from '@framewire/handshake';

/** Why there was no head to judge: it took too long, or the socket ended or broke before it was complete. */
export type NoHead = 'timeout' | 'closed';

/**
 * Reads a head and leaves the socket paused, with the bytes behind the head to be read from it next.
 *
 * @param timeout - milliseconds for the whole head, however often a byte of it arrives
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
