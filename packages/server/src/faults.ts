// What the application said cannot be sent. That is its fault, so the client hears 500, and others are served.
import type { Duplex } from 'node:stream';
import { isAttached } from '@framewire/connection';
import { createRefusal } from '@framewire/handshake';
import { HandshakeDeadline, type HandshakeLimits } from './handshake-deadline.ts';
import { destroyWhenWritten, refuse } from './refusal.ts';

/** Refuses a client with 500 after `report`, unless a listener that it calls has answered. */
export function refuseForFault(socket: Duplex, limits: HandshakeLimits, report: () => void): void {
  const before = writtenTo(socket);
  report();
  if (socket.destroyed || isAttached(socket)) return;
  if (socket.writableEnded || writtenTo(socket) === before) {
    refuse(socket, createRefusal(500), limits.closeTimeout);
    return;
  }
  // A listener has begun an answer: it has to end it in time.
  new HandshakeDeadline(socket, 500, limits);
  destroyWhenWritten(socket);
}

function writtenTo(socket: Duplex & { readonly bytesWritten?: number }): number {
  return socket.bytesWritten ?? socket.writableLength;
}
