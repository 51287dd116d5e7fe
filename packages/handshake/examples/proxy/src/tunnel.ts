// Two sockets as one: what comes from either goes to the other, unread.
import type { Socket } from 'node:net';

/**
 * Joins two sockets that were opened with `allowHalfOpen`. Back-pressure passes through, and so does the end of either
 * direction; when one of them breaks, the other is destroyed.
 *
 * @param halfCloseTimeout - milliseconds for the other direction to end after the first one did
 */
export function tunnel(client: Socket, backend: Socket, halfCloseTimeout: number): void {
  let timer: NodeJS.Timeout | undefined;
  const join = (from: Socket, to: Socket): void => {
    from.setNoDelay(true);
    // A peer that vanished without a word is noticed by the system's own probes.
    from.setKeepAlive(true);
    from.pipe(to);
    from.once('end', () => {
      timer ??= setTimeout(() => [client, backend].forEach((socket) => socket.destroy()), halfCloseTimeout);
    });
    from.once('close', () => {
      // Ended in both directions is an orderly end, and the other socket may still have bytes to deliver.
      if (!from.readableEnded || !from.writableFinished) to.destroy();
      if (to.closed) clearTimeout(timer);
    });
  };
  join(client, backend);
  join(backend, client);
}
