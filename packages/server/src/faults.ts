// Handles answers of the application that cannot be sent. The client receives 500, and the server continues.
import type { Duplex } from 'node:stream';
import { isAttached } from '@framewire/connection';
import { createRefusal } from '@framewire/handshake';
import { awaitAnswer, writtenTo, type HandshakeLimits } from './handshake-deadline.ts';
import { destroyWhenWritten, refuse } from './refusal.ts';

/** Calls `report`, then refuses the client with 500, unless a listener that `report` calls has answered. */
export function refuseForFault(socket: Duplex, limits: HandshakeLimits, report: () => void): void {
  const before = writtenTo(socket);
  report();
  if (socket.destroyed || isAttached(socket)) return;
  if (socket.writableEnded || writtenTo(socket) === before) {
    refuse(socket, createRefusal(500), limits.closeTimeout);
    return;
  }
  // A listener has started an answer, and must end it within the time limit.
  awaitAnswer(socket, 500, limits);
  destroyWhenWritten(socket);
}
