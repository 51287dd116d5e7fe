// More than the streams between two ends hold.
import { Buffer } from 'node:buffer';
import type { WebSocket } from 'ws';

/** Sends 40 MiB to who does not read, so that a part of it waits in the sender: Linux may be set to take 4 and 32 MiB. */
export function sendMoreThanFits(ws: WebSocket): void {
  for (let count = 0; count < 80; count++) ws.send(Buffer.alloc(512 * 1024));
}
