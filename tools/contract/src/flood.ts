// Fills the streams between two sides, so that bytes wait in the sender.
import { Buffer } from 'node:buffer';
import type { WebSocket } from 'ws';
import { turns } from './turns.ts';

/** What {@link sendMoreThanFits} sends. */
export const FLOOD = { messages: 24, length: 512 * 1024 };

/**
 * Sends 12 MiB to a peer that does not read, so that some of it waits in the sender. Linux accepts at most about 4 MiB, because the
 * receive buffer of a new connection does not grow until the peer reads.
 */
export function sendMoreThanFits(ws: WebSocket): void {
  for (let count = 0; count < FLOOD.messages; count++) ws.send(Buffer.alloc(FLOOD.length));
}

/** Waits until bytes are waiting and the kernel accepts no more: their number has not changed for many turns. */
export async function untilStuck(ws: { readonly bufferedAmount: number }): Promise<void> {
  for (let unchanged = 0, before = -1; unchanged < 200; unchanged++) {
    await turns(1);
    const { bufferedAmount } = ws;
    if (bufferedAmount === 0 || bufferedAmount !== before) unchanged = 0;
    before = bufferedAmount;
  }
}
