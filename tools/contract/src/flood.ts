// Sends more than the streams between two sides can hold.
import { Buffer } from 'node:buffer';
import type { WebSocket } from 'ws';

/**
 * Sends 12 MiB to a peer that does not read, so that a part waits in the sender. Linux accepts at most 4 MiB, because the receive
 * buffer of a new connection does not grow until the peer reads.
 */
export function sendMoreThanFits(ws: WebSocket): void {
  for (let count = 0; count < 24; count++) ws.send(Buffer.alloc(512 * 1024));
}
