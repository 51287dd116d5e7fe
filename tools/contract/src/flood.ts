// More than the streams between two ends hold.
import { Buffer } from 'node:buffer';
import type { WebSocket } from 'ws';

/**
 * Sends 12 MiB to a peer that does not read, so that a part of it waits in the sender. Linux takes at most 4 MiB of it: the receive
 * buffer of a new connection does not grow before its owner reads.
 */
export function sendMoreThanFits(ws: WebSocket): void {
  for (let count = 0; count < 24; count++) ws.send(Buffer.alloc(512 * 1024));
}
