// How an upgrade is refused: a short HTTP response, and the end of the connection.
import type { Duplex } from 'node:stream';
import { clearDeadline, isAttached, setDeadline } from '@framewire/connection';
import { formatRefusal, type Refusal } from '@framewire/handshake';

/**
 * Answers with the refusal and ends the connection: whatever the client sends behind a refused upgrade is never read as
 * another request.
 *
 * @param closeTimeout how long the answer may wait to be taken, in ms: behind responses that nobody reads it would for ever
 */
export function refuse(socket: Duplex, refusal: Refusal, closeTimeout: number): void {
  const response = formatRefusal(refusal);
  // A socket that has become a connection meanwhile is to hear nothing of HTTP any more.
  if (socket.destroyed || isAttached(socket)) return;
  const deadline = setDeadline(closeTimeout, destroy, socket);
  socket.once('close', () => clearDeadline(deadline));
  destroyWhenWritten(socket);
  // Somebody may have given an answer of his own.
  if (!socket.writableEnded) socket.end(response);
}

/** What has been said is the last word: a peer that keeps its side open keeps no socket. */
export function destroyWhenWritten(socket: Duplex): void {
  if (socket.writableFinished) socket.destroy();
  else socket.once('finish', () => destroy(socket));
}

/** Until a connection has its owner, an error on its socket is nobody's: the socket goes, the process lives. */
export function destroyOnError(socket: Duplex): void {
  if (!socket.listeners('error').includes(onError)) socket.on('error', onError);
}

/** The socket has an owner now. */
export function leaveErrors(socket: Duplex): void {
  socket.removeListener('error', onError);
}

/** Runs what the application has to say of a request. Where it throws, nobody will answer the client any more: the socket goes. */
export function destroyOnThrow(socket: Duplex, ask: () => void): void {
  try {
    ask();
  } catch (error) {
    if (!isAttached(socket)) socket.destroy();
    throw error;
  }
}

/** @throws `Error` where a socket carries a WebSocket already: whatever else was written to it would break that one */
export function requireUnattached(socket: Duplex): void {
  if (!isAttached(socket)) return;
  throw new Error(
    'server.handleUpgrade() was called more than once with the same socket, possibly due to a misconfiguration',
  );
}

function onError(this: Duplex): void {
  this.destroy();
}

function destroy(socket: Duplex): void {
  socket.destroy();
}
